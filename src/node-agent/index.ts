export { type NodeAgent, startNodeAgent } from './agent.ts';
export { checkHealth, type Health, healthEndpoint } from './hands/health.ts';
export type {
  ConfigFile,
  Endpoint,
  Exit,
  InstancePlan,
  LogPart,
  LogRequest,
  Observed,
  Running,
  Runtime,
  Stopped,
} from './hands/runtime.ts';
export type {
  HealthSpecification,
  Limits,
  PortSpecification,
  RunSpecification,
  StopSpecification,
  VolumeSpecification,
} from './hands/specification.ts';
export { type FaultPoint, faultPoints, type NodeAgentOptions, type Scheduler, systemScheduler } from './ports.ts';
