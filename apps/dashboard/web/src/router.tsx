import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { sessionQuery } from "./api/session.ts";
import { Shell } from "./shell/shell.tsx";
import { Empty, Fault, Spinner } from "./ui/surface.tsx";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => <Empty title="There is no such page" />,
  errorComponent: ({ error, reset }) => <Fault error={error} retry={reset} />,
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: lazyRouteComponent(() => import("./pages/door.tsx"), "LoginPage"),
});
const join = createRoute({
  getParentRoute: () => root,
  path: "/join",
  component: lazyRouteComponent(() => import("./pages/door.tsx"), "JoinPage"),
});

/** Everything else wants somebody who is signed in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session.person) throw redirect({ href: `/login?next=${encodeURIComponent(location.href)}` });
  },
});
const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/phone" });
  },
});

const page = <P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => shell, path, component });

const routeTree = root.addChildren([
  login,
  join,
  shell.addChildren([
    home,
    page(
      "/phone",
      lazyRouteComponent(() => import("./pages/phone-page.tsx"), "PhonePage"),
    ),
    page(
      "/live",
      lazyRouteComponent(() => import("./pages/live-page.tsx"), "LivePage"),
    ),
    page(
      "/live/$callId",
      lazyRouteComponent(() => import("./pages/live-call-page.tsx"), "LiveCallPage"),
    ),
    page(
      "/calls",
      lazyRouteComponent(() => import("./pages/calls-page.tsx"), "CallsPage"),
    ),
    page(
      "/calls/$callId",
      lazyRouteComponent(() => import("./pages/replay-page.tsx"), "ReplayPage"),
    ),
    page(
      "/scoring",
      lazyRouteComponent(() => import("./pages/scoring-page.tsx"), "ScoringPage"),
    ),
    page(
      "/reruns",
      lazyRouteComponent(() => import("./pages/reruns-page.tsx"), "RerunsPage"),
    ),
    page(
      "/reruns/$rerunId",
      lazyRouteComponent(() => import("./pages/rerun-page.tsx"), "RerunPage"),
    ),
    page(
      "/reruns/$rerunId/$callId",
      lazyRouteComponent(() => import("./pages/rerun-call-page.tsx"), "RerunCallPage"),
    ),
    page(
      "/reruns/$rerunId/$callId/replay",
      lazyRouteComponent(() => import("./pages/rerun-replay-page.tsx"), "RerunReplayPage"),
    ),
    page(
      "/sets/$setId",
      lazyRouteComponent(() => import("./pages/set-page.tsx"), "SetPage"),
    ),
    page(
      "/analytics",
      lazyRouteComponent(() => import("./pages/analytics-page.tsx"), "AnalyticsPage"),
    ),
    page(
      "/playbooks",
      lazyRouteComponent(() => import("./pages/playbooks-page.tsx"), "PlaybooksPage"),
    ),
    page(
      "/playbooks/$playbookId",
      lazyRouteComponent(() => import("./pages/playbook-page.tsx"), "PlaybookPage"),
    ),
    page(
      "/numbers",
      lazyRouteComponent(() => import("./pages/numbers-page.tsx"), "NumbersPage"),
    ),
    page(
      "/connectors",
      lazyRouteComponent(() => import("./pages/connectors-page.tsx"), "ConnectorsPage"),
    ),
    page(
      "/knowledge",
      lazyRouteComponent(() => import("./pages/knowledge-page.tsx"), "KnowledgePage"),
    ),
    page(
      "/people",
      lazyRouteComponent(() => import("./pages/people-page.tsx"), "PeoplePage"),
    ),
    page(
      "/tokens",
      lazyRouteComponent(() => import("./pages/tokens-page.tsx"), "TokensPage"),
    ),
    page(
      "/audit",
      lazyRouteComponent(() => import("./pages/audit-page.tsx"), "AuditPage"),
    ),
    page(
      "/status",
      lazyRouteComponent(() => import("./pages/health-page.tsx"), "HealthPage"),
    ),
  ]),
]);

export const createAppRouter = (queryClient: QueryClient) =>
  createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    defaultPendingComponent: () => <Spinner />,
    scrollRestoration: true,
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
