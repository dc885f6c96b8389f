export {
  type CommandDefinition,
  type CommandMeta,
  type CommandResult,
  type Decision,
  type DecisionContext,
  defineCommand,
  type Writer,
} from './command.ts';
