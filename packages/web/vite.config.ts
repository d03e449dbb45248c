import { defineConfig } from 'vite';

export default defineConfig({
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2022',
    // light-dark() and the like are left as they are: browsers since the middle of 2024 know them.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing is put inline: the page's rules allow no inline script, and a data: font or image would be loaded with every page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // Mantine marks its files for frameworks that render on servers; here that means nothing.
      onLog(level, log, next) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') next(level, log);
      },
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            {
              name: 'tanstack',
              test: /node_modules[\\/]@tanstack[\\/](react-router|router|history|react-query|query|react-store|store)/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:9666', '/health': 'http://127.0.0.1:9666', '/ready': 'http://127.0.0.1:9666' } },
});
