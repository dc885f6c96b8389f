import type { z } from 'zod';
import type { logsAnswer, logsQuery } from '#contract';
import { FixityError } from '#kernel';
import type { ViewReader } from '#views';
import type { LogExchange } from './log-exchange.ts';
import { type FleetInstance, instanceAt, instancesOf, servicesOf } from './queries.ts';

/** How long a node may take to answer, in milliseconds. */
const patience = 5_000;

/**
 * Asks the nodes for the output of one instance, of a service's instances, or of a whole environment's.
 * @throws FixityError `not-found` when there is no such instance or service.
 */
export async function logsOf(
  views: ViewReader,
  exchange: LogExchange,
  query: z.output<typeof logsQuery>,
): Promise<z.output<typeof logsAnswer>['parts']> {
  const streams = query.stream === 'both' ? (['stdout', 'stderr'] as const) : [query.stream];
  const asked = chosen(views, query).flatMap((instance) => streams.map((stream) => ({ ...instance, stream })));
  return Promise.all(
    asked.map(async ({ instance, service, node, stream }) => {
      const answer = await exchange.ask(node, { instance, stream, bytes: query.bytes }, patience);
      return { instance, service, stream, ...answer };
    }),
  );
}

function chosen(views: ViewReader, { environment, service, instance }: z.output<typeof logsQuery>): FleetInstance[] {
  if (instance !== undefined) {
    const found = instanceAt(views, instance);
    if (found?.environment === environment) return [found];
    throw new FixityError('not-found', `there is no instance ${instance} in ${environment}`, {
      next: [`fixity live ${environment}`],
    });
  }
  const known = servicesOf(views, environment);
  if (service !== undefined && !known.includes(service)) {
    throw new FixityError('not-found', `${service} has never run in ${environment}`, {
      next: [`fixity live ${environment}`],
    });
  }
  const services = service === undefined ? known : [service];
  return services.flatMap((name) => instancesOf(views, environment, name));
}
