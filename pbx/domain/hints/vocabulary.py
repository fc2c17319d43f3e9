"""English words that the hints know."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_NAME = _words(
    """
    a about actually afraid again allergic already also an and another any at back because been before born but
    by call called calling can concerned could date diabetic did dizzy do does doing during eight emergency
    every feeling fine five for four from getting glad going good got had happening has have having he hello her
    here hi his home hoping how i i'd i'll i'm i've if important in is it it's just late leaving looking me
    message my name need needing new nine no not now number of off ok okay on one or our out over phone please
    pregnant problem quite ready really regarding returning right running scheduled seven she sick since six so
    some something sorry speaking still supposed ten that that's the their there they this three time to today
    too trying two unable urgent very wanting was we what when where which who why will with wondering worried
    would yes you your
    """
)
"""What follows `this is` and `I am` when no name does."""

COMMON = _words(
    """
    about above after again against ago all almost along already also always am and another answer any anything
    appointment april are arm around ask asked away baby back bad bath bathroom be because bed been before being
    believe best better between big billing bit blood body book both bottle bring brother but buy call called
    calling came can cannot car care cause check child children clinic close cold come coming connect connected
    cough could daughter day days desk did different do doctor does doing done down drink each ear early eat
    else enough enter even evening ever every everything eye eyes face family far father feel feeling feet fever
    few find fine first five follow food foot for four friday friend from front full gave get getting give given
    go going gone good got great had hail hale half hall hand hands happen hard has have having he head hear
    heard heart hello help her here hers high him his hold home hope hospital hour hours house how hurt husband
    if important in insurance into is it its june just keep kind knee know last late later leave left leg let
    letter like line listen little live long look looking lot lunch made mail make man many mark may maybe me
    mean medication medicine menu message might miles milk mind mine minute minutes miss moment monday money
    month months more morning most mother much must my name need never new next nice night nine no nose not
    nothing now number nurse of off office often oh okay old on once one only open or order other our out over
    own pain paper part past patient pay people pharmacy phone pill pills place plan please point possible
    prescription press pressed pressure problem put question questions quick quite ran rather read ready really
    reason receive refill rest result results right room run said same saturday saw say school second see seem
    seen select send sent set seven she should show sick side since sister sit six skin sleep small so some
    somebody someone something soon sorry speak staff start started stay step still stop store street such
    sunday sure table tablet tablets take taken taking talk team tell ten test than thank thanks that the their
    them then there these they thing things think this those though thought three through thursday time times
    tired to today together told tomorrow tonight too took toward try trying tuesday turn twice two under until
    up urgent us use used usual very visit wait walk want wanted was water way we wednesday week weekend weeks
    well went were what when where which while who whole why wife will with without woman word words work worse
    would write wrong year years yes yesterday yet you young your
    """
)
"""Everyday words, which are not taken for a drug or a name that sounds like them."""

MATTERS = _words(
    """
    allergic antibiotic appointment bleeding blood breathe breathing cancel chest cough diarrhea dizzy dose
    empty fall fell fever headache hurt hurts infection inhaler injection insulin insurance itching lab
    medication medications medicine medicines nausea numb pain painful pill pills prescription pressure ran rash
    referral refill refills reschedule results scan sick side sore stomach sugar surgery swelling swollen
    symptoms tablet tablets test vomiting worse wound xray
    """
)
"""What patients call about."""
