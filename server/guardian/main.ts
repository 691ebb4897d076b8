#!/usr/bin/env node
/** `blindmark-guardian`: the service that holds one share of each threshold key. */
import { runCommand } from '../command.ts';
import { createProgram } from './program.ts';

await runCommand(createProgram());
