"""English words that the hints know."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_NAME = _words(
    """
    a about actually again already also an and another any at because been before born but by call called
    calling can could date did do does doing during eight emergency every feeling fine five for four from
    getting going good got had happening has have having he hello her here hi his hoping how i i'd i'll i'm i've
    if important in is it it's just leaving looking me message my name need needing new nine no not now number
    of off on one or our out over phone please problem quite ready really regarding returning right seven she
    since six so some something sorry speaking still supposed ten that that's the their there they this three
    time to today too trying two urgent very wanting was we what when where which who why will with wondering
    would yes you your
    """
)
"""What follows `this is` and `I am` when no name does."""

COMMON = _words(
    """
    about above after again against ago all almost along already also always am and another answer any anything
    appointment are around ask asked away baby back bad bath bathroom be because bed been before being believe
    best better between big billing bit blood body book both bottle bring brother but buy call called calling
    came can cannot car care cause check child children clinic close cold come coming could daughter day days desk did
    different do doctor does doing done down drink each early eat else enough even evening ever every everything
    eye eyes face family far father feel feeling feet few find fine first five follow food foot for four friday
    friend from front full gave get getting give given go going gone good got great had half hand hands happen
    hard has have having he head hear heard heart hello help her here hers high him his hold home hope hospital
    hour hours house how hurt husband if important in insurance into is it its just keep kind knee know last
    late later leave left leg let letter like line little live long look looking lot lunch made mail make man
    many maybe me mean medication medicine message might miles milk mind mine minute minutes miss moment monday
    money month months more morning most mother much must my name need never new next nice night nine no not
    nothing now number nurse of off office often oh okay old on once one only open or order other our out over
    own pain paper part past patient pay people pharmacy phone pill pills place plan please point possible
    prescription pressure problem put question questions quick quite ran rather read ready really reason refill
    rest result results right room run said same saturday saw say school second see seem seen send sent set
    seven she should show sick side since sister sit six sleep small so some somebody someone something soon
    sorry speak staff start started stay step still stop store street such sunday sure table tablet tablets take
    taken taking talk team tell ten test than thank thanks that the their them then there these they thing
    things think this those though thought three through thursday time times tired to today together told
    tomorrow tonight too took toward try trying tuesday turn twice two under until up urgent us use used usual
    very visit wait walk want wanted was water way we wednesday week weekend weeks well went were what when
    where which while who whole why wife will with without woman word words work worse would write wrong year
    years yes yesterday yet you young your
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
