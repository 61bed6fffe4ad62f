// Countersign for React 18 or 19: `useStepUp`, the dialog that asks the user, and its parts. The hooks that
// need TanStack Query are in react/query.ts. The styles of the dialog are in react/dialog.css.

export { StepUpDialog, type StepUpDialogProps, type StepUpLook } from './react/dialog.tsx'
export { type Enrolled, EnrollPasskey, type EnrollProps, EnrollTotp } from './react/enroll.tsx'
export * from './react/events.ts'
export { Onboarding, type OnboardingProps } from './react/onboarding.tsx'
export * from './react/provider.ts'
export { QrCode, type QrCodeProps } from './react/qr-code.tsx'
export { RecoveryCodes, type RecoveryCodesProps } from './react/recovery-codes.tsx'
export { DEFAULT_TEXTS, type StepUpTexts, type StepUpTextsPart } from './react/texts.ts'
export * from './react/use-step-up.tsx'
export type { StepUpHelp } from './react/ways.tsx'
