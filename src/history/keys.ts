import type { RevisionService, RunSpecification, ServiceDifference } from '#contract';
import { canonicalBytes } from '#kernel';
import { configKeys } from '#releases';

type KeyDifferences = ServiceDifference['settings'];

/** Keys whose values differ, in order of key as people read them; values are JSON. */
export function keyDifferences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): KeyDifferences {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was === is) return [];
    return [{ key, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

/** Everything about how a service runs beside its build and configuration, as keys and values. */
export function settingsOf(
  service: RevisionService | undefined,
  run: RunSpecification | undefined,
): ReadonlyMap<string, string> {
  if (service === undefined) return new Map();
  const { tracks, hosts, placement, values } = service;
  const scale = tracks.map(({ replicas: { minimum, maximum }, weight }) => ({
    replicas: minimum === maximum ? minimum : `${minimum} to ${maximum}`,
    ...(tracks.length === 1 ? {} : { weight }),
  }));
  const [only] = scale;
  const settings = { ...(scale.length === 1 ? only : { tracks: scale }), hosts, placement, values, run: run ?? {} };
  const keys = configKeys(canonicalBytes(settings), 'application/json') ?? new Map<string, string>();
  // What is empty says nothing beside what takes its place.
  return new Map([...keys].filter(([, value]) => value !== '{}' && value !== '[]'));
}
