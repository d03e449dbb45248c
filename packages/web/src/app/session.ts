import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppCaller, UserAction } from '@verdict/client/browser';
import { useSyncExternalStore } from 'react';
import { api, keys } from './api.ts';
import { hearFrom } from './live.ts';
import { forgetSession, rememberSession, signInAsked, subscribeToSignIn } from './sign-in-again.ts';

/** Who is signed in; undefined while that is being asked or nobody is. */
export function useSession(): AppCaller | undefined {
  return useQuery({ queryKey: keys.session, queryFn: loadSession, staleTime: 60_000, retry: false }).data;
}

/** Whether the person may do this; false while unknown. Buttons that may not be used are switched off and say why. */
export function useCan(action: UserAction): boolean {
  return useSession()?.may.includes(action) ?? false;
}

/** Asks who is signed in. @throws VerdictError with status 401 where nobody is. */
export async function loadSession(): Promise<AppCaller> {
  const caller = await api.session();
  rememberSession(caller);
  hearFrom(caller.live_place);
  return caller;
}

/** Signing in and out, for the pages and dialogs that do it. */
export function useSigning(): { signIn(name: string, password: string): Promise<AppCaller>; signOut(): Promise<void> } {
  const client = useQueryClient();
  return {
    async signIn(name, password) {
      const caller = await api.signIn({ name, password });
      rememberSession(caller);
      hearFrom(caller.live_place);
      client.setQueryData(keys.session, caller);
      return caller;
    },
    async signOut() {
      await api.signOut();
      forgetSession();
      client.clear();
    },
  };
}

/** True while a call waits for the person to sign in again. */
export function useSignInAsked(): boolean {
  return useSyncExternalStore(subscribeToSignIn, signInAsked);
}
