#!/usr/bin/env node
/** `blindmark-registry`: the registry’s command line. */
import { runCommand } from '../command.ts';
import { createProgram } from './program.ts';

await runCommand(createProgram());
