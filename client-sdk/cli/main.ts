#!/usr/bin/env node
/** The `blindmark` command. */
import { runCommand } from './command.ts';
import { createProgram } from './program.ts';

await runCommand(createProgram(), process.argv);
