<?xml version="1.0" encoding="UTF-8"?>
<!-- A W3C pronunciation lexicon (PLS 1.0): talepress lexicon import samples/words.pls -->
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" xml:lang="en-US">
  <lexeme><grapheme>Penhallow</grapheme><phoneme>pɛnˈhæloʊ</phoneme></lexeme>
  <lexeme><grapheme>Josiah</grapheme><phoneme>dʒoʊˈsaɪə</phoneme></lexeme>
</lexicon>
