import { useEffect } from 'react';
import { laterDialog } from '../components/later.tsx';
import { useSignInAsked } from './session.ts';

/** Milliseconds after which the dialog is fetched ahead: the first page stands long since. */
const AHEAD = 10_000;

const load = () => import('./sign-in-dialog.tsx').then((file) => file.SignInDialog);
const SignInDialog = laterDialog(load);

/** Has the dialog to sign in again at hand: fetched ahead, since the service may be another version by the time the session ends. */
export function SignInAgain() {
  const asked = useSignInAsked();
  useEffect(() => {
    // Where this fails, the dialog is fetched again when it is needed.
    const timer = setTimeout(() => void load().catch(() => {}), AHEAD);
    return () => clearTimeout(timer);
  }, []);
  return <SignInDialog opened={asked} />;
}
