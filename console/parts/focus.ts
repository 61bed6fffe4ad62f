// Where the focus goes when what had it goes away: to the heading of the page, not to nowhere.

/** To be called when something that may have the focus is being taken away. */
export function keepFocus(): void {
  setTimeout(() => {
    if (document.activeElement === document.body)
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }, 0)
}
