// The dialog in German. Words of an action follow „Sie sind dabei, …“: »eine Bestellung zu erstatten«.
import { clock, type StepUpTexts } from '../texts.ts'

/**
 * The texts in German.
 *
 * @example <StepUpProvider texts={de}><App /></StepUpProvider>
 */
export const de: StepUpTexts = {
  lang: 'de',
  dir: 'ltr',
  title: 'Bestätigen Sie, dass Sie es sind',
  enrollTitle: 'Bestätigung einrichten',
  codesTitle: 'Wiederherstellungscodes sichern',
  intro: (what) => `Sie sind dabei, ${what}.`,
  enrollIntro: (what) =>
    `Um ${what}, richten Sie zuerst eine Methode ein, mit der Sie sich bestätigen.`,
  onboardingIntro:
    'Richten Sie eine Methode ein, mit der Sie sich bestätigen. Danach geht es weiter.',
  actions: {},
  builtInActions: {
    'wallet.waas.sign': 'mit Ihrer Wallet zu signieren',
    'wallet.waas.export': 'den privaten Schlüssel Ihrer Wallet zu exportieren',
    'wallet.waas.refresh': 'die Schlüsselanteile Ihrer Wallet zu erneuern',
    'wallet.waas.reshare': 'den Schlüssel Ihrer Wallet neu aufzuteilen',
    'user.update': 'Ihr Profil zu ändern',
    'credential.link': 'eine Bestätigungsmethode hinzuzufügen',
    'credential.update': 'Ihre Bestätigungsmethoden zu ändern',
    'credential.unlink': 'eine Bestätigungsmethode zu entfernen',
  },
  unknownAction: (action) => `„${action}“ auszuführen`,
  detailsLabel: 'Einzelheiten',
  detailNames: {},
  technical: 'Technische Details',
  showAll: 'Alles anzeigen',
  cancel: 'Abbrechen',
  close: 'Schließen',
  retry: 'Erneut versuchen',
  loading: 'Einen Moment …',
  back: 'Zurück',
  anotherMethod: 'Andere Methode verwenden',
  cannotUse: 'Das kann ich nicht verwenden',
  cannotUseTitle: 'Andere Möglichkeiten',
  cannotUseIntro: 'Gerät verloren, oder es funktioniert nicht? Das können Sie tun:',
  recoverFactor: 'Mit einem Wiederherstellungscode eine neue Methode einrichten',
  recoverFactorHint: (left) => (left === 1 ? 'Noch 1 Code übrig' : `Noch ${left} Codes übrig`),
  recoverIntro:
    'Geben Sie einen Wiederherstellungscode ein. Danach richten Sie eine neue Methode ein.',
  askSupport: 'Wenden Sie sich an den Support dieser Anwendung.',
  methods: { passkey: 'Passkey', totp: 'Authenticator-App', recovery: 'Wiederherstellungscode' },
  passkeyHint:
    'Verwenden Sie Fingerabdruck, Gesicht, Displaysperre oder einen Sicherheitsschlüssel.',
  usePasskey: 'Weiter mit Passkey',
  passkeyPending: 'Warten auf Ihren Passkey …',
  codeLabel: 'Bestätigungscode',
  codeHint: 'Öffnen Sie Ihre Authenticator-App und geben Sie den angezeigten Code ein.',
  codeIncomplete: 'Geben Sie alle Ziffern des Codes ein.',
  deviceLabel: 'Authenticator-App',
  unnamedDevice: (number) => `Authenticator-App ${number}`,
  recoveryLabel: 'Wiederherstellungscode',
  recoveryHint: 'Geben Sie einen der Codes ein, die Sie gesichert haben. Jeder gilt einmal.',
  verify: 'Bestätigen',
  verifying: 'Wird geprüft …',
  verified: 'Bestätigt.',
  attemptsLeft: (left) => (left === 1 ? 'Noch 1 Versuch.' : `Noch ${left} Versuche.`),
  duration: (seconds) => clock(seconds, 's', 'min'),
  waiting: (_, duration) => `Zu viele Versuche. Versuchen Sie es in ${duration} erneut.`,
  waitOver: 'Sie können es jetzt erneut versuchen.',
  nextCode: 'Jeder Code gilt nur einmal. Warten Sie auf den nächsten Code in Ihrer App.',
  nextCodeIn: (_, duration) => `Nächster Code in ${duration}`,
  lockedWithPasskey:
    'Nach zu vielen falschen Codes sind Codes gesperrt. Ihr Passkey funktioniert weiterhin.',
  nothingUsable: 'Keine Ihrer Bestätigungsmethoden kann hier verwendet werden.',
  nothingToEnroll: 'Hier lässt sich keine Bestätigungsmethode hinzufügen.',
  linkFirst:
    'Dafür ist eine stärkere Methode nötig. Bestätigen Sie zuerst, dass Sie es sind. Danach fügen Sie sie hinzu.',
  offline:
    'Der Bestätigungsdienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.',
  enroll: {
    passkey: 'Passkey',
    passkeyHint: 'Fingerabdruck, Gesicht, Displaysperre oder Sicherheitsschlüssel',
    totp: 'Authenticator-App',
    totpHint: 'Ein Code aus einer App auf Ihrem Smartphone',
  },
  scanHint:
    'Scannen Sie den QR-Code mit Ihrer Authenticator-App und geben Sie den angezeigten Code ein.',
  qrLabel: 'QR-Code, der dieses Konto zu einer Authenticator-App hinzufügt',
  secretLabel: 'Oder geben Sie diesen Schlüssel von Hand ein',
  openApp: 'In einer App auf diesem Gerät öffnen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyFailed: 'Kopieren ist hier nicht möglich. Markieren Sie stattdessen den Text.',
  enrollCodeLabel: 'Code aus der App',
  confirm: 'Weiter',
  createPasskey: 'Passkey erstellen',
  codesIntro: 'Tun Sie das, bevor Sie fortfahren.',
  codesHint:
    'Mit diesen Codes kommen Sie wieder hinein, wenn Sie Ihr Gerät verlieren. Jeder gilt einmal, und Sie sehen sie nur jetzt.',
  codesLabel: 'Wiederherstellungscodes',
  download: 'Herunterladen',
  codesFile: 'wiederherstellungscodes.txt',
  codesSaved: 'Ich habe sie gesichert',
  errors: {
    invalid_code: 'Dieser Code stimmt nicht.',
    code_already_used: 'Dieser Code wurde schon verwendet. Warten Sie auf den nächsten.',
    locked:
      'Nach zu vielen falschen Codes sind Codes gesperrt. Der Support kann sie wieder freigeben.',
    rate_limited: 'Zu viele Versuche. Warten Sie kurz und versuchen Sie es dann erneut.',
    cancelled: 'Die Passkey-Abfrage wurde geschlossen. Versuchen Sie es erneut.',
    not_allowed: 'Passkeys können auf dieser Seite nicht verwendet werden.',
    no_credential: 'Auf diesem Gerät wurde kein Passkey von Ihnen gefunden.',
    unsupported: 'Dieser Browser oder dieses Gerät unterstützt keine Passkeys.',
    timeout: 'Die Passkey-Abfrage hat zu lange gedauert. Versuchen Sie es erneut.',
    passkey_rejected: 'Dieser Passkey konnte nicht geprüft werden. Versuchen Sie es erneut.',
    challenge_expired: 'Das hat zu lange gedauert. Versuchen Sie es erneut.',
    challenge_used: 'Das wurde bereits beantwortet. Versuchen Sie es erneut.',
    conflict: 'Auf diesem Gerät gibt es bereits einen Passkey von Ihnen.',
    factor_limit_reached:
      'Mehr davon können Sie nicht hinzufügen. Entfernen Sie zuerst eine Methode.',
    method_not_allowed: 'Diese Methode kann hier nicht verwendet werden.',
    enrollment_required: 'Sie haben noch keine solche Methode eingerichtet.',
    session_not_fresh:
      'Ihre Anmeldung liegt schon länger zurück. Melden Sie sich erneut an, um fortzufahren.',
    unauthenticated: 'Sie sind abgemeldet. Melden Sie sich an und versuchen Sie es erneut.',
    denied: 'Diese Aktion ist nicht erlaubt.',
    unavailable: 'Der Bestätigungsdienst ist nicht erreichbar. Versuchen Sie es erneut.',
    other: 'Etwas ist schiefgegangen. Versuchen Sie es erneut.',
  },
}
