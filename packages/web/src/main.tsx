import './app/styles.ts';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './app/api.ts';
import { Lost } from './app/lost.tsx';
import { watchCalls } from './app/reachable.ts';
import { SignInAgain } from './app/sign-in-over.tsx';
import { theme, variables } from './app/theme.ts';
import { tellUpdated } from './components/part-missing.tsx';
import { loadPagesAhead, router } from './router.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no place to draw in.');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
        <SignInAgain />
        <Lost />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
watchCalls();
tellUpdated();
loadPagesAhead();
