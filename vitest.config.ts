import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts'],
    pool: 'forks',
    // Worker threads that a test starts run from source too.
    execArgv: ['--conditions=source'],
    // It offers its own TypeScript under the same condition, which Node strips of types nowhere inside node_modules.
    server: { deps: { inline: [/modelcontextprotocol\/sdk\/dist\/esm\/client\//, /eventsource-parser/] } },
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // What has to come about by itself may take as long as a machine that does much else needs for it.
    expect: { poll: { timeout: 60_000 } },
    coverage: {
      provider: 'v8',
      include: ['packages/engine/src/**/*.ts', 'packages/contract/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing.ts', '**/testing/**'],
      reporter: ['text-summary', 'text'],
      // Each by itself, so that the larger one cannot hide a gap in the smaller.
      thresholds: { 'packages/engine/src/**': { lines: 95 }, 'packages/contract/src/**': { lines: 95 } },
    },
  },
});
