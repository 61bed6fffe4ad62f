// The dialog in Arabic, from right to left. Write an action as a verbal noun that follows «أنت على وشك».
import type { StepUpTexts } from '../texts.ts'

const RULES = new Intl.PluralRules('ar')

/** Returns a count with the Arabic plural form of its noun; `#` is the number. */
function count(number: number, one: string, two: string, few: string, many: string): string {
  const other = many
  return { zero: other, one, two, few, many, other }[RULES.select(number)].replace(
    '#',
    String(number),
  )
}

const parts = (seconds: number): string[] => [
  ...(seconds >= 3600
    ? [count(Math.floor(seconds / 3600), 'ساعة واحدة', 'ساعتين', '# ساعات', '# ساعة')]
    : []),
  ...(seconds % 3600 >= 60
    ? [count(Math.floor((seconds % 3600) / 60), 'دقيقة واحدة', 'دقيقتين', '# دقائق', '# دقيقة')]
    : []),
  ...(seconds % 60 > 0 || seconds === 0
    ? [count(seconds % 60, 'ثانية واحدة', 'ثانيتين', '# ثوانٍ', '# ثانية')]
    : []),
]

/** Keeps a text in another script from changing the order of the words around it (Unicode FSI, PDI). */
const isolated = (text: string): string => `\u2068${text}\u2069`

/**
 * The texts in Arabic.
 *
 * @example <StepUpProvider texts={ar}><App /></StepUpProvider>
 */
export const ar: StepUpTexts = {
  lang: 'ar',
  dir: 'rtl',
  title: 'أكّد هويتك',
  enrollTitle: 'إعداد التحقق',
  codesTitle: 'احفظ رموز الاسترداد',
  intro: (what) => `أنت على وشك ${isolated(what)}.`,
  enrollIntro: (what) => `قبل ${isolated(what)}، أضف وسيلة لتأكيد هويتك.`,
  onboardingIntro: 'قبل المتابعة، أضف وسيلة لتأكيد هويتك.',
  actions: {},
  builtInActions: {
    'wallet.waas.sign': 'التوقيع بمحفظتك',
    'wallet.waas.export': 'تصدير المفتاح الخاص لمحفظتك',
    'wallet.waas.refresh': 'تجديد حصص مفتاح محفظتك',
    'wallet.waas.reshare': 'إعادة توزيع مفتاح محفظتك',
    'user.update': 'تغيير ملفك الشخصي',
    'credential.link': 'إضافة وسيلة تحقق',
    'credential.update': 'تغيير وسائل التحقق الخاصة بك',
    'credential.unlink': 'إزالة وسيلة تحقق',
  },
  unknownAction: (action) => `تنفيذ «${isolated(action)}»`,
  detailsLabel: 'التفاصيل',
  detailNames: {},
  technical: 'تفاصيل تقنية',
  exactValues: 'القيم الدقيقة',
  hashOf: (what) => `بصمة «${what}»`,
  hashAlone: 'تظهر هنا بصمة فقط، وليس ما أُنشئت منه.',
  cancel: 'إلغاء',
  close: 'إغلاق',
  retry: 'إعادة المحاولة',
  loading: 'لحظة من فضلك…',
  back: 'رجوع',
  anotherMethod: 'استخدام وسيلة أخرى',
  cannotUse: 'لا يمكنني استخدام هذه الوسيلة',
  cannotUseTitle: 'طرق أخرى للتأكيد',
  cannotUseIntro: 'هل فقدت جهازك أو لم يعد يعمل؟ إليك ما يمكنك فعله.',
  recoverFactor: 'إضافة وسيلة جديدة باستخدام رمز استرداد',
  recoverFactorHint: (left) => `المتبقي: ${count(left, 'رمز واحد', 'رمزان', '# رموز', '# رمزًا')}`,
  recoverIntro: 'أدخل أحد رموز الاسترداد، ثم أضف وسيلة جديدة لتأكيد هويتك.',
  askSupport: 'هل تحتاج إلى مساعدة؟ تواصل مع فريق دعم هذا التطبيق.',
  methods: { passkey: 'مفتاح المرور', totp: 'تطبيق المصادقة', recovery: 'رمز الاسترداد' },
  passkeyHint: 'استخدم بصمتك أو وجهك أو قفل الشاشة أو مفتاح أمان.',
  usePasskey: 'المتابعة بمفتاح المرور',
  passkeyPending: 'في انتظار مفتاح المرور…',
  codeLabel: 'رمز التحقق',
  codeHint: 'افتح تطبيق المصادقة وأدخل الرمز الظاهر فيه.',
  codeIncomplete: 'أدخل جميع أرقام الرمز.',
  deviceLabel: 'تطبيق المصادقة',
  unnamedDevice: (number) => `تطبيق المصادقة ${number}`,
  recoveryLabel: 'رمز الاسترداد',
  recoveryHint: 'أدخل أحد الرموز التي حفظتها. يُستخدم كل رمز مرة واحدة.',
  verify: 'تحقق',
  verifying: 'جارٍ التحقق…',
  verified: 'تم التحقق.',
  attemptsLeft: (left) =>
    `المتبقي: ${count(left, 'محاولة واحدة', 'محاولتان', '# محاولات', '# محاولة')}.`,
  duration: (seconds) => parts(seconds).join(' و'),
  waiting: (_, duration) => `محاولات كثيرة جدًا. حاول مجددًا بعد ${duration}.`,
  waitOver: 'يمكنك المحاولة مجددًا الآن.',
  nextCode: 'يُستخدم كل رمز مرة واحدة. انتظر الرمز التالي في تطبيقك.',
  nextCodeIn: (_, duration) => `الرمز التالي بعد ${duration}`,
  lockedWithPasskey: 'تم قفل الرموز بعد إدخالات خاطئة كثيرة. لا يزال مفتاح المرور يعمل.',
  nothingUsable: 'لا يمكن استخدام أي من وسائل التحقق الخاصة بك هنا.',
  nothingToEnroll: 'لا يمكن إضافة أي وسيلة تحقق هنا.',
  linkFirst: 'يتطلب هذا الإجراء وسيلة جديدة. أكّد هويتك قبل إضافتها.',
  offline: 'تعذّر الوصول إلى خدمة التحقق. تحقق من اتصالك ثم حاول مجددًا.',
  enroll: {
    passkey: 'مفتاح المرور',
    passkeyHint: 'بصمة أو وجه أو قفل الشاشة أو مفتاح أمان',
    totp: 'تطبيق المصادقة',
    totpHint: 'رمز من تطبيق على هاتفك',
  },
  scanHint: 'امسح هذا الرمز بتطبيق المصادقة، ثم أدخل الرمز الظاهر فيه.',
  qrLabel: 'رمز QR يضيف هذا الحساب إلى تطبيق المصادقة',
  secretLabel: 'أو أدخل هذا المفتاح يدويًا',
  openApp: 'الفتح في تطبيق على هذا الجهاز',
  copy: 'نسخ',
  copied: 'تم النسخ',
  copyFailed: 'النسخ غير متاح هنا. حدّد النص بدلًا من ذلك.',
  enrollCodeLabel: 'الرمز من التطبيق',
  confirm: 'متابعة',
  createPasskey: 'إنشاء مفتاح مرور',
  codesIntro: 'افعل ذلك قبل المتابعة.',
  codesHint:
    'تعيد لك هذه الرموز الدخول إذا فقدت جهازك. يُستخدم كل رمز مرة واحدة، ولن تظهر مرة أخرى.',
  codesLabel: 'رموز الاسترداد',
  download: 'تنزيل',
  codesFile: 'recovery-codes.txt',
  codesSaved: 'لقد حفظتها',
  errors: {
    invalid_code: 'الرمز غير صحيح.',
    code_already_used: 'سبق استخدام هذا الرمز. انتظر الرمز التالي.',
    locked: 'تم قفل الرموز بعد إدخالات خاطئة كثيرة. اطلب من فريق الدعم فتحها.',
    rate_limited: 'محاولات كثيرة جدًا. انتظر قليلًا ثم حاول مجددًا.',
    cancelled: 'تم إغلاق نافذة مفتاح المرور. حاول مجددًا.',
    not_allowed: 'لا يمكن استخدام مفاتيح المرور في هذه الصفحة.',
    no_credential: 'لم يُعثر على مفتاح مرور لك على هذا الجهاز.',
    unsupported: 'لا يدعم هذا المتصفح أو الجهاز مفاتيح المرور.',
    timeout: 'انتهت مهلة مفتاح المرور. حاول مجددًا.',
    passkey_rejected: 'تعذّر التحقق من مفتاح المرور. حاول مجددًا.',
    challenge_expired: 'انتهت المهلة. حاول مجددًا.',
    challenge_used: 'سبق الرد على هذا الطلب. حاول مجددًا.',
    conflict: 'يوجد مفتاح مرور لك على هذا الجهاز بالفعل.',
    factor_limit_reached: 'لا يمكنك إضافة المزيد من هذا النوع. أزل واحدًا أولًا.',
    method_not_allowed: 'لا يمكن استخدام هذه الوسيلة هنا.',
    enrollment_required: 'ليست لديك وسيلة من هذا النوع بعد.',
    session_not_fresh: 'مضى وقت على تسجيل دخولك. سجّل الدخول مجددًا للمتابعة.',
    unauthenticated: 'تم تسجيل خروجك. سجّل الدخول ثم حاول مجددًا.',
    denied: 'هذا الإجراء غير مسموح به.',
    unavailable: 'تعذّر الوصول إلى خدمة التحقق. حاول مجددًا.',
    other: 'حدث خطأ ما. حاول مجددًا.',
  },
}
