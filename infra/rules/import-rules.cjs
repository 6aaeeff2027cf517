// Who may import whom: the direction table of ARCHITECTURE.md, checked by dependency-cruiser.
const MAY_IMPORT = {
  protocol: [],
  audio: [],
  "interaction-model": ["audio"],
  dialogue: ["protocol"],
  speech: ["audio"],
  crm: ["protocol"],
  store: ["protocol", "audio"],
  platform: [],
};

const within = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  name: `packages-${room}-imports`,
  comment: `packages/${room} may import ${allowed.length ? allowed.join(", ") : "nothing"} of ours`,
  severity: "error",
  from: { path: `^packages/${room}/` },
  to: { path: "^(packages|apps|infra|load-tests)/", pathNot: `^packages/(${[room, ...allowed].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...within,
    {
      name: "apps-import-no-apps",
      comment: "apps are processes: they talk over the protocol",
      severity: "error",
      from: { path: "^apps/([^/]+)/" },
      to: { path: "^(apps|infra|load-tests)/", pathNot: "^apps/$1/" },
    },
    {
      name: "testkit-is-for-tests",
      comment: "the test kit never reaches production code",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: "(\\.test\\.tsx?$|^packages/testkit/|/test/|/bench/)" },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "pure-core",
      comment: "audio and dialogue do no I/O and read no clock; their command line and loader do",
      severity: "error",
      from: { path: "^packages/(audio|dialogue)/src/", pathNot: "(\\.test\\.ts$|-cli\\.ts$|-file\\.ts$)" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-unresolved",
      severity: "error",
      from: {},
      // node:ffi is newer than the resolver's list of built-ins.
      to: { couldNotResolve: true, pathNot: "^(node:)?ffi$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(/generated/|/dist/|apps/dashboard/web/)" },
    parser: "swc",
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
