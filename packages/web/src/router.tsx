import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { api, keys, queryClient } from './app/api.ts';
import { NotFound, PageFailed } from './app/failed.tsx';
import { loadPart, pageOpened } from './app/parts.ts';
import { loadSession } from './app/session.ts';
import { Shell } from './app/shell.tsx';
import { askHitsAhead } from './pages/explorer/hits-query.ts';

/** All addresses of the app. Each page is a file of its own, loaded when it is first opened. */

const root = createRootRoute({ notFoundComponent: NotFound, errorComponent: PageFailed });

/** Those that were not opened yet. */
const ahead: (() => Promise<unknown> | undefined)[] = [];

function lazyPage<File extends Record<Name, React.ComponentType>, Name extends string>(load: () => Promise<File>, name: Name) {
  const page = lazyRouteComponent(() => loadPart(load), name);
  ahead.push(() => page.preload?.());
  return page;
}

/** Pages that need nobody signed in. */
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyPage(() => import('./pages/setup/setup-page.tsx'), 'SetupPage'),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { to?: string } =>
    typeof search.to === 'string' && /^\/(?![/\\])/.test(search.to) ? { to: search.to } : {},
  component: lazyPage(() => import('./pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

/** All other pages: inside the shell, for somebody signed in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  async beforeLoad({ location }) {
    const jobId = jobIn(location.pathname);
    if (jobId !== undefined) askAhead(jobId);
    try {
      await queryClient.ensureQueryData({ queryKey: keys.session, queryFn: loadSession });
    } catch (error) {
      if (error instanceof Error && 'status' in error && error.status === 401)
        throw redirect({ to: '/sign-in', search: { to: location.href } });
      throw error;
    }
    // The explorer's list is the slowest of all. A page that is there already asks itself, as of its own moment.
    const { pathname, search } = location;
    if (jobId !== undefined && /\/events\/?$/.test(pathname) && router.state.resolvedLocation?.pathname !== pathname)
      askHitsAhead(jobId, search);
  },
});

/** The number of the use case in an address. */
function jobIn(path: string): number | undefined {
  const number = /^\/jobs\/(\d+)(?:\/|$)/.exec(path)?.[1];
  return number === undefined || !Number.isSafeInteger(Number(number)) ? undefined : Number(number);
}

/** Asks for a use case together with who is signed in: its page needs both before it can stand. */
function askAhead(jobId: number): void {
  // What goes wrong here, the page is told when it asks itself.
  void queryClient.prefetchQuery({ queryKey: keys.job(jobId), queryFn: () => api.job(jobId) });
  void queryClient.prefetchQuery({ queryKey: keys.jobs, queryFn: () => api.jobs() });
}

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/jobs' });
  },
});
const jobs = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  validateSearch: (search): { create?: true } => (search.create === true ? { create: true } : {}),
  component: lazyPage(() => import('./pages/jobs/jobs-page.tsx'), 'JobsPage'),
});
const anySearch = (search: Record<string, unknown>): Record<string, unknown> => search;

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$jobId',
  validateSearch: (search): { days?: number } => ([1, 7, 365].includes(Number(search.days)) ? { days: Number(search.days) } : {}),
  component: lazyPage(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage'),
});
const explorer = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$jobId/events',
  validateSearch: anySearch,
  component: lazyPage(() => import('./pages/explorer/explorer-page.tsx'), 'ExplorerPage'),
});
const event = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$jobId/events/$eventId',
  component: lazyPage(() => import('./pages/explorer/event-page.tsx'), 'EventPage'),
});
const feedback = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$jobId/feedback',
  validateSearch: anySearch,
  component: lazyPage(() => import('./pages/feedback/feedback-page.tsx'), 'FeedbackPage'),
});
const points = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$jobId/decision-points',
  component: lazyRouteComponent(
    () => loadPart(() => import('./pages/decision-points/decision-points-page.tsx')),
    'DecisionPointsPage',
  ),
});
const models = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$jobId/models',
  validateSearch: anySearch,
  component: lazyPage(() => import('./pages/models/models-page.tsx'), 'ModelsPage'),
});

const integrations = createRoute({
  getParentRoute: () => shell,
  path: '/integrations',
  component: lazyPage(() => import('./pages/integrations/integrations-page.tsx'), 'IntegrationsPage'),
});
const integration = createRoute({
  getParentRoute: () => shell,
  path: '/integrations/$integrationId',
  component: lazyPage(() => import('./pages/integrations/integrations-page.tsx'), 'IntegrationsPage'),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  beforeLoad: () => {
    throw redirect({ to: '/settings/$section', params: { section: 'appearance' } });
  },
});
const settingsSection = createRoute({
  getParentRoute: () => shell,
  path: '/settings/$section',
  validateSearch: anySearch,
  component: lazyPage(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
});
/** Addresses that answers of the API name. */
const apiKeys = createRoute({
  getParentRoute: () => shell,
  path: '/keys',
  beforeLoad: () => {
    throw redirect({ to: '/settings/$section', params: { section: 'keys' } });
  },
});
const apiKey = createRoute({
  getParentRoute: () => shell,
  path: '/keys/$keyId',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/settings/$section', params: { section: 'keys' }, search: { key: params.keyId } });
  },
});

const routeTree = root.addChildren([
  setup,
  signIn,
  shell.addChildren([
    home,
    jobs,
    overview,
    explorer,
    event,
    feedback,
    points,
    models,
    integrations,
    integration,
    settings,
    settingsSection,
    apiKeys,
    apiKey,
  ]),
]);

export const router = createRouter({
  routeTree,
  // Within the frame of all pages: the others can still be opened.
  defaultErrorComponent: PageFailed,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

/** Milliseconds after which the pages that were not opened yet are fetched: the first one stands by then. */
const AHEAD = 2_500;

/**
 * Fetches the files of all pages, one after the other while nothing else is to be done, so that opening one waits for its data alone.
 * @returns what ends it.
 */
export function loadPagesAhead(): () => void {
  let timer = setTimeout(next, AHEAD);
  let ended = false;
  function next() {
    const load = ahead.shift();
    if (ended || load === undefined) return;
    // What goes wrong here is told where the page is opened.
    void Promise.resolve(load()).finally(() => {
      if (!ended) timer = setTimeout(() => whenIdle(next), 0);
    });
  }
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Safari has no notion of it. */
function whenIdle(act: () => void): void {
  if ('requestIdleCallback' in window) window.requestIdleCallback(act, { timeout: 2_000 });
  else setTimeout(act, 50);
}

router.subscribe('onResolved', ({ pathChanged }) => {
  if (pathChanged) pageOpened();
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
