/** A War Room without an XSOAR server. */
export { builtInCommands, runBuiltIn } from './built-ins.ts';
export { type CommandLine, CommandLineError, parseCommandLine } from './command-line.ts';
export { complete, TERMINAL_COMMANDS } from './completion.ts';
export { type Look, renderMarkdown, visible } from './markdown.ts';
export { COMMON_ARGUMENTS, type Outcome, WarRoom, type WarRoomOptions } from './war-room.ts';
