import { type Application, buildApplication, buildRouteMap, text_en } from '@stricli/core';
import changes from './changes.ts';
import completion from './completion.ts';
import type { Context } from './context.ts';
import diff from './diff.ts';
import { describeFailure, exitCodeOf } from './failure.ts';
import freeze from './freeze.ts';
import live from './live.ts';
import log from './log.ts';
import login from './login.ts';
import logs from './logs.ts';
import nodes from './nodes.ts';
import rollback from './rollback.ts';
import schema from './schema.ts';
import ship from './ship.ts';
import show from './show.ts';
import status from './status.ts';
import token from './token.ts';
import verify from './verify.ts';

/** The command line: one file per command. */
export function createApplication(version: string): Application<Context> {
  const root = buildRouteMap({
    routes: {
      live,
      changes,
      diff,
      rollback,
      ship,
      freeze,
      show,
      log,
      logs,
      status,
      verify,
      nodes,
      login,
      token,
      schema,
      completion,
    },
    docs: {
      brief: 'What exactly is live, what changed, who changed it, and how to put it back',
      fullDescription: [
        'What exactly is live, what changed, who changed it, and how to put it back.',
        '',
        'Programs: fixity server, fixity node-agent, fixity proxy (each with --help).',
        'Moments:  prod, prod#118, prod~1, prod@02:03, prod@-10m, prod@2026-11-22T02:03Z.',
      ].join('\n'),
    },
  });
  return buildApplication(root, {
    name: 'fixity',
    versionInfo: { currentVersion: version },
    scanner: { caseStyle: 'allow-kebab-for-camel' },
    documentation: { disableAnsiColor: true },
    determineExitCode: exitCodeOf,
    localization: { text: { ...text_en, exceptionWhileRunningCommand: (error) => describeFailure(error) } },
  });
}
