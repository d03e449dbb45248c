import {
  AppCodeStepChange,
  AppCodeStepDetails,
  AppCodeStepParams,
  AppCodeSteps,
  AppDone,
  AppJobParams,
  microsToZ,
} from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { CodeStep, StepVersion } from './code-step.ts';
import type { CodeStepService } from './code-step-service.ts';

/** Code steps for people: see them, arrange them, switch them off, go back to a version, remove them. */
export function codeStepRoutesApp({ steps, jobs }: { readonly steps: CodeStepService; readonly jobs: JobService }): Route[] {
  const tag = 'app: AI use cases';
  const reading = { scope: 'read:resources', role: 'analyst' } as const;
  const writing = { scope: 'write:job_code_blocks', role: 'lead' } as const;
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/code_steps',
      id: 'appListCodeSteps',
      summary: 'List the code steps of an AI use case, in the order in which they run',
      tag,
      right: reading,
      params: AppJobParams,
      response: AppCodeSteps,
      async handler({ principal, params }) {
        await jobs.get(principal, params.job_id);
        return (await steps.list(params.job_id)).map(presentStep);
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/code_steps/{step_id}',
      id: 'appGetCodeStep',
      summary: 'Show a code step with all its versions',
      tag,
      right: reading,
      params: AppCodeStepParams,
      response: AppCodeStepDetails,
      async handler({ principal, params }) {
        await jobs.get(principal, params.job_id);
        const { step, versions } = await steps.get(params.job_id, params.step_id);
        return { ...presentStep(step), versions: versions.map(presentVersion) };
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/app/jobs/{job_id}/code_steps/{step_id}',
      id: 'appChangeCodeStep',
      summary: 'Switch a code step on or off, move it, or go back to another version',
      tag,
      right: writing,
      params: AppCodeStepParams,
      body: AppCodeStepChange,
      response: AppCodeStepDetails,
      async handler({ principal, params, body, origin }) {
        await jobs.get(principal, params.job_id);
        await steps.change(params.job_id, params.step_id, body, origin);
        const { step, versions } = await steps.get(params.job_id, params.step_id);
        return { ...presentStep(step), versions: versions.map(presentVersion) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/app/jobs/{job_id}/code_steps/{step_id}',
      id: 'appRemoveCodeStep',
      summary: 'Remove a code step with all its versions',
      tag,
      right: writing,
      params: AppCodeStepParams,
      response: AppDone,
      async handler({ principal, params, origin }) {
        await jobs.get(principal, params.job_id);
        await steps.remove(params.job_id, params.step_id, origin);
        return { done: true };
      },
    }),
  ];
}

function presentStep({ id, title, description, position, enabled, current }: CodeStep) {
  return { step_id: id, title, description, position, enabled, current: presentVersion(current) };
}

function presentVersion({ version, source, sealed, limits, savedAt, savedBy }: StepVersion) {
  return {
    version,
    source_code: source,
    variables: Object.keys(sealed).sort(),
    cpu_seconds: limits.cpuSeconds,
    memory_mb: limits.memoryMb,
    saved_at: microsToZ(savedAt),
    saved_by: savedBy,
  };
}
