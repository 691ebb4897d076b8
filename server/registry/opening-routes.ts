/** The routes of openings, of messages to owners, and of forces' revocation lists. */
import type { Metrics } from '../http/metrics.ts';
import type { Route } from '../http/route.ts';
import type { RevocationWatch } from '../revocations.ts';
import { messagesRoute, relayRoute, type MessageDependencies } from './messages.ts';
import { approvalRoute } from './opening-approvals.ts';
import { createCompletion } from './opening-completion.ts';
import { openingRoute, openingStateRoute, type OpeningDependencies } from './openings.ts';
import { revocationListRoute, revocationRoute, type RevocationListDependencies } from './revocation-lists.ts';

/** What these routes need of the registry. */
export interface OpeningRouteDependencies
  extends
    Omit<OpeningDependencies, 'completion' | 'counted' | 'publicLog' | 'revocations'>,
    Omit<RevocationListDependencies, 'revocations'> {
  readonly revocations: Pick<RevocationWatch, 'add' | 'check'>;
  readonly metrics: Metrics;
}

/** Every route of openings, messages and revocation lists. */
export function openingRoutes(dependencies: OpeningRouteDependencies): Route[] {
  const { counter } = dependencies.metrics;
  const opening: OpeningDependencies = {
    ...dependencies,
    completion: createCompletion(dependencies),
    counted: counter('blindmark_openings_total', 'Steps of openings answered', ['step', 'result']),
  };
  const message: MessageDependencies = {
    ...dependencies,
    messages: counter('blindmark_messages_total', 'Messages for owners, left and fetched', ['step']),
  };
  return [
    openingRoute(opening),
    openingStateRoute(opening),
    approvalRoute(opening),
    relayRoute(message),
    messagesRoute(message),
    revocationRoute(dependencies),
    revocationListRoute(dependencies),
  ];
}
