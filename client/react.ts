// Countersign for React: hooks over the SDK, and the dialog that asks the user. React 18 or 19, and
// TanStack Query 5 for the hooks that ask and change. The dialog's looks are in react/dialog.css.

export { StepUpDialog, type StepUpDialogProps, type StepUpLook } from './react/dialog.tsx'
export { type Enrolled, EnrollPasskey, type EnrollProps, EnrollTotp } from './react/enroll.tsx'
export * from './react/events.ts'
export type { MutationHookOptions } from './react/mutation.ts'
export * from './react/mutations.ts'
export { Onboarding, type OnboardingProps } from './react/onboarding.tsx'
export * from './react/provider.ts'
export { QrCode, type QrCodeProps } from './react/qrcode.tsx'
export * from './react/queries.ts'
export { RecoveryCodes, type RecoveryCodesProps } from './react/recoverycodes.tsx'
export { DEFAULT_TEXTS, type StepUpTexts, type StepUpTextsPart } from './react/texts.ts'
export * from './react/useonboarding.ts'
export * from './react/usestepup.tsx'
