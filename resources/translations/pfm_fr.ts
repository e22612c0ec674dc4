<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr_FR" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source>&quot;{typed}&quot; is no fingerprint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: a {kind} never changes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: the first read cannot change once the AI was revealed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: the impression and the last read would contradict each other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: the {kind} changed meanwhile</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: this is not the signature of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: this visit is signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&quot;{what}&quot; was not done: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source># User guide

The guide was not installed with this program. `?` shows the keys of each page.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>% come again, unannounced</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n (run|runs) of learning that (is|are) not finished can be gone on with in {folder} only</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n (woman|women)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n awaited</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n box(es)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cannot be graded</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of the locked test that they grade differently:</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of {women} can be used: to learn from, to calibrate and to test.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n clips were being recorded when the program ended: what was recorded until then is in the library</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n corner(s): Enter or the first corner closes them</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s), overdue</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n epoch(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) not brought in</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n grade(s) apart</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n left out</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) found</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s) without keys or mouse</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n missed</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n moment(s) of acetic acid</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait): open her visit</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not shown</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n note(s) of no harm, such as heatmaps that are made again when needed.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them not in sight yet: scroll to the end.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of {points} points (lies|lie) outside the white-light picture ({width} x {height} pixels)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of hers here (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of this visit (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (comes|come) again, {gap} pairs or more after the first read.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (was|were) read by fewer than the {readers} people that it asked for: (its|their) label(s) will say so</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) of {women}</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s) (is|are) too few: none is left for {part}</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} already there, {skipped} skipped</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} there already, {skipped} left out</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) cannot be read.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) checked, the records and the audit trail: {problems}.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of the examination</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women}</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women} ready</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) without known seconds left out.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures that were taken are not in the library yet, held here and tried again.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pins</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s)</source>
        <comment>pairs that somebody read</comment>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s) (counts|count) in no figure but those marked AI seen</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s); draw the next one</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n regions</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n signed visit(s) of this woman: the correction will be noted in (its|their) report(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n to be checked.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) (is|are) found; those with pictures give a pair each</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) found</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) not assigned to a patient yet: not in the set.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) with a grade to train on.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Add pictures...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;All keyboard shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Annotate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Bring a model file...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Capture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Close the message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Confirm guesses</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Contents</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Count the cases again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Dark or light theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Edit patient...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Encrypted, for pictures of real women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Find a visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Fine-tune on my cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Full screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Hide or show everything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Histology inbox...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Import</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Import pictures...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Keys of this page</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Leave out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Look again: for tasks, or for the pictures of the pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Move visit to another patient...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Move...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;New task...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Next one that is not done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Not encrypted, for demonstrations and research without names</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Only unsure or missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Open another library...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Open visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Page before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pause the run, or let it go on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Print...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Read the lists again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Read the model folders again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Remove empty visit...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Search the list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Show what is typed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Sign out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Stage...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Take again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Take the tour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;User guide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Woman...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(2 of 2)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(2 to {count} of {count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(chosen in Today)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(error {error:.2f})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(no name)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(of {parts} parts the longest)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>(open in Review)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>({pairs:,} seen in Decide)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>({reads} compared)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>+ and -, wheel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>+, -, wheel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, and .</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, about {minutes:,} min left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, less than a minute left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>--points and --mapped go together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>... and {count} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>... and {more:,} more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>... and {more} more; pfm audit verify lists them all.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>0 least</source>
        <comment>end of a scale</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>0 none</source>
        <comment>end of a scale</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 a second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 in 2 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 is as strong as in half of the lesions, of the grade that the map speaks for, which the model graded rightly when it was calibrated; where this picture is stronger, its strongest place is 1.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 most here</source>
        <comment>end of a scale</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 strong</source>
        <comment>end of a scale</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 visit is found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>10 a second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>16-bit scaled to 8-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>2 a second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>24 invented women with 40 visits are drawn by the computer; this happens once and takes a minute or two. It may be cancelled: what is drawn already is used next time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>3 a second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>5-15 mm or 2 quadrants</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt; 5 mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&gt; 15 mm, 3-4 quadrants, or endocervically undefined</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>? all keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A camera is a USB camera that was found, or an address: rtsp://..., http://... (MJPEG), genicam:SERIAL, or file:/path of a video. Numbers that stay empty are left to the camera; white balance in fluorescence is never automatic.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A change afterwards takes a reason and another signature.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A clip is removed on the Capture page, under Clips. Nothing was changed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A clip was being recorded when the program ended: what was recorded until then is in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A device that saves pictures into a folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A file import.csv in a chosen folder (patient,visit_time,stage,source,file) is followed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model from elsewhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model is being learned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model was learned. It is in quarantine until it is compared and promoted in Fine-tune.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A narrower window has more contrast</source>
        <translation>Une fenêtre plus étroite donne plus de contraste</translation>
    </message>
    <message>
        <source>A new patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A new recovery key was made; the one before opens nothing any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A pair needs one white-light and one fluorescence picture, or beside plain white light one through a green filter or after Lugol&apos;s iodine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A pair that somebody read here gets its label from readers once {readers} people have read it (also in other tasks), or the task is closed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A picture of an earlier visit beside the one on the stage (F7)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A picture of the sequence is no longer in this visit: the player was closed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A picture that is being taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A picture that was taken is not in the library yet, held here and tried again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A picture was taken just now. Press again when acetic acid is on: that starts the clock.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A pot takes {count} characters. What is beyond them was not taken in.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A result is overdue after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A saved report goes on record, with your name, at the next sign-in with which the library is written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A saved report is not recorded here: the library is read-only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A second read that differs needs a reason.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A sequence is played. Press Esc to go back to the pair first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A visit of their own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A visit without an impression cannot be signed (Findings).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A&amp;bout pfm_desktop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI answer in Annotate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI answer: {words}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI answers revealed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI in Annotate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI may be seen after the grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI may be seen before the grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI may be shown before the grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI revealed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI revealed at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI revealed: {moment}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI revealed: {moment}, without a first read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI revealed: {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI seen before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AI shown to a reader</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ALL visits of this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AW acetowhite, P punctation, M mosaic, AV atypical vessels, I iodine negative, x biopsy; SCJ dashed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About 65 of 100 women will learn, 20 calibrate (at least 12 of a grade, or a third) and 15 be the locked test, for good.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About the patient with this ID</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Absent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Account</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acetic acid applied at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acetic acid applied: {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acetic acid is on: start the clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acetic acid: start the clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aceto uptake</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acetowhite</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Acid is on: start clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Action</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a lesion, and draw it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a person</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a person...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add all the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add endocervical sampling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add excision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add folder...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add her and give the visit to her</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add light and lower the camera&apos;s gain (ISO), then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add other specimen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add pictures ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add to this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add zips or files...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Added</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Adding pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Adjudicator: decides between readings, sees neither names nor findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Administrator: keeps accounts, reads the audit trail, changes no visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After a total hysterectomy there is no cervix: what is examined is the vaginal vault</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After the other picture of its pair (s)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Against the verdict, because: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Agreement of the readers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aligned with the first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aligned with the first, {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aligned, estimated error {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aligning the earlier picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aligning was stopped: the two are side by side, not aligned. Choose the picture again to align them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aligning {number} of {frames}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All as taken</source>
        <translation>Toutes telles que prises</translation>
    </message>
    <message>
        <source>All cases ({cases:,} of {women:,} women)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All pairs are decided</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All pairs are read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All pairs are read. Thank you.

Left goes back to them, T to the tasks.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All readers (Fleiss)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All steps are done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All that the search for &quot;{searched}&quot; finds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All visits that are found have a label: change the search, or take them too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All were in sight.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Allergies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Allergy to iodine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Already in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Also before your grade, which is then one after AI. It goes on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Also what was added</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Alt+arrows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Altered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Amend now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Amend...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Amended by {who}: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Amended colposcopy report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Amended: takes the place of the report that {name} signed on {day}, which is kept. Opened again by {who} on {opened}: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Amendment of a signed report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An administrator of the library gives you a new password. If nobody can sign in any more, the recovery key that was printed when the library was made lets an administrator in.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An import is under way. Stop it, or drop these again when it is done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An unexpected error kept it from the library; it is in the log.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>And %n such note(s) more.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Annotate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Annotator: labels pictures, sees neither names nor findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another impression is your second read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another library...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another visit is chosen in the list; the pictures go to this one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answer: none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answer: {grade}. {prediction_set}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answered from {source} only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Anticoagulants</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Anything else that matters before the examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply to shift the picture only, or add a spot: two also turn and scale it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply to shift, turn and scale the picture, or add a spot away from the others.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply, or add a fourth spot: only then can the fit be checked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply, or add a spot.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apply, or add a spot: from six on the picture can bend as the tissue does.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apr</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Arrow keys or 0, 1, 2; Delete: not assessed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Arrows, drag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As drawn: {measures}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As graded: high or cancer was given. At 85 % specificity: how well HSIL+ can be told apart, with a threshold for each model that nobody uses when grading. The interval of the calibration error lies high where cases are few.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As in Today: name, ID, date, impression; empty: all visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As it came with the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As one signed file, for another clinic: the model, and nothing of any patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As recorded, not aligned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As taken</source>
        <translation>Telle que prise</translation>
    </message>
    <message>
        <source>As the computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask a clinician or an administrator of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask about</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask for a new library once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask for the tour once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask her to hold still, and take the pair again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asked with {sources} ({cases:,})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking the library what it has already ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attention below this value is left clear.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aug</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Automatic again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back (Escape)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Models (Escape)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Settings (Escape)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Today (Escape)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to Today (Escape); the plan stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to the choices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to the pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to the pictures of this visit (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to the tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to {visit}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back up into a folder...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back up now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back, without a change (Escape)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Backed up: {pictures}, {files} new.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Backing up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Backups and checks are made by clinicians and administrators.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bands of the Swede score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Because of</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Before acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Before it was removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Before: {before}, which answered then. New: {new}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Began</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Begin an examination without a patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Begin visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Begin without a patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Begun</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Being aligned ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Being registered ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Beside the picture on the stage, aligned with it (Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Between two points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Biopsies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Biopsy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Biopsy pins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Biopsy, treatment, recall, referral</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Birth date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Black margin of every picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Blend</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Blend: white light on the left, fluorescence on the right ([ and ])</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Born</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Both models grade all cases of the locked test alike.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Both sources: they are read as a pair.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Both together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Brightness, contrast and filter ...</source>
        <translation>Luminosité, contraste et filtre ...</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter of each picture, for looking only (Ctrl+B); G: green filter</source>
        <translation>Luminosité, contraste et filtre de chaque image, pour regarder seulement (Ctrl+B)&#x202f;; G&#xa0;: filtre vert</translation>
    </message>
    <message>
        <source>Bring a model file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bring a model file...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bring in pictures of this folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bring in zips or files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bring it in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bring the os into the middle of the picture, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bring the whole cervix into view and into the light, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bringing a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bringing a model in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bringing in pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bringing in the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bringing it in ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Brown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By</source>
        <comment>a person</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By two points, {apart:.0f} pixels apart.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By whom: part of a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CIN2 or CIN3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CIN2+ seen as high</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CIN3 or cancer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CMYK converted to RGB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ca&amp;pture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Calibrate the scale ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Calibrated probabilities.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Calibration error (low is good)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Canal opened by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel {job}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancer</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be graded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be graded ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be graded, with a reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be graded: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be read: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be switched here: the library is open for reading only, and the switch must go on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Capture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cases by grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cases of this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cases that are graded differently</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cases that the figures are of</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Centring</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cervix tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change my impression from {own} to {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change my password...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Changes, with removals</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit and are as the camera took them, neither cut nor squeezed; if so, place four points by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots that are sharp in both. The pictures can be looked at together meanwhile.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit: they have too few structures to compare.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit; if they do, place four points by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the trail, and look for this line in a backup.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check: aligned only in part, {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checked: the weights are what model.toml promises, and {seal}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checker</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>Damier</translation>
    </message>
    <message>
        <source>Checking a model file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking and reading the pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking clips</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking quality</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the clips of the backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the copy of the database</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the database</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the file ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the pictures of the backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the weights...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the whole trail ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking what was made of the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking what was made of them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choice of the site</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a camera, or write its address.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a grade.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a larger resolution of the camera.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model for these pictures, or pictures for this model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a row to see what is known of it, and why.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a row: its result is entered here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a second camera that is another one than the first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a visit on Today first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a woman in the list first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose an impression first (Findings).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another resolution of the camera.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose files...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose folders, zips or picture files, or drop them here. They are looked at first: whose they are, when they were taken, what they show. Nothing is brought in before you have seen it, and nothing is changed where it lies.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose her in Today, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose in Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose one or two pictures and press Enter to put them on the stage, Delete to remove them. Enter on a clip plays it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose or drop picture files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose picture files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose picture files, or drop them here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the Lugol&apos;s iodine picture that belongs to this white-light picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the fluorescence picture that belongs to this white-light picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the folder into which the device saves.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the green filter picture that belongs to this white-light picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the pictures in the filmstrip first: a click, or Shift and the arrows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the pin before or after, then what is drawn; in the player: the picture before or after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the port of the lamp.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the white-light picture that belongs to this fluorescence picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose where it is to go first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chosen by the camera itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chosen folders, zips and files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Circumference</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear filters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear the impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear the search: all visits again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click a spot that you recognise in both pictures, then the same spot in the other.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on the cervix, or draw round a place, to see how it whitened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click the external os: the centre of the clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click the page to try it; {help.tour} comes back here. Escape ends the tour.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click to open the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click to place a biopsy pin, drag one to move it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clinician: sees names, examines, reads, signs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clip (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library, with the visit before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clip, picture {place} of {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clips</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clips of this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clips of this visit, or back to the live picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close the corners of a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close the guide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close the task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close this form first (Esc): undo is of the examination behind it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close without it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Closing words may name {fields}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Closing words of reports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Closing: waiting for running work to stop. Close again to leave at once.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Coarse or atypical vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colours of the model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colposcopy in DICOM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colposcopy report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare on the locked test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare visits ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare with
{visit}&apos;s picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare with an earlier visit ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare with {visit}&apos;s picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compared on the locked test; it is to answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparing pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparing the records with the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparing two models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparing {source} pictures that may be the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Complete: nothing is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comprehensive set, also missing: {titles}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comprehensive set: complete.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confirm a&amp;ll</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confirm: press again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confirmed: {what}. Undo takes it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Consent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Consent was not given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Content</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contents</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: eraser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: outline tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contour only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contours and SCJ line are hidden ({key})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Contraception</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copying</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copying the database</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Corner of a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Counting ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Counting the cases ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cover words again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Covered: blood, mucus, instrument</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Shift+R. It is put on record and cannot be taken back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Shift+{number}; undo takes it back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cytology (Bethesda)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cytology of</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>DICOM WITH names: archive, another clinic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>DICOM is not read here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>DICOM of a kind that is not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>DICOM with names goes out as it is: there is nothing to look at first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dark frame taken. It is subtracted from fluorescence pictures from now on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dashes: while learning. {done} of {all} epochs done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Day of the report, 14 Mar 2026</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dec</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decide between readers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decide: pair {number:,} of {pairs:,}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Deciduosis, and she is not known to be pregnant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decision of {reader}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete pin {letter}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete {specimen}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Demo library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Demo library - phantoms, no real women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device of this workstation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device of this workstation ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device {device} ({cases:,})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Devices: {devices}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diagram</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diagram of the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Difference (95 %)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dimmed: not seen by the engine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Discussed on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Display</source>
        <translation>Affichage</translation>
    </message>
    <message>
        <source>Distance from what the model learned from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not checked when this answer was made.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not known, this model keeps no measure of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distinct, stearin-like</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distinctly yellow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Do it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Do not rely on grade or model attention (see AI).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Do not rely on the AI answer and the model attention in this report.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Do not rely on this answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Do not rely on this grade.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Doing again: {step}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Done again: {step}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dr. Given Family</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag a box over what names somebody (keys: arrows, Space, arrows, Space). Dashed: words that the program found; W goes to them, Delete lays wrong ones bare. Z: one to one. Page Down: the next picture. Escape: back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag around a lesion, or click its corners</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag the pictures, or a pin to move it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag to draw a box. Or arrows move the cross, Space sets one corner and then the other, Delete takes the last box away, W goes to words that were found, where Delete lays them bare and Control Z covers them again, N shows the next picture with words, Z shows one to one, Page Down shows the next picture, Escape goes back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag, or arrow keys; Home and End: the first and the last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw a lesion, or the next: drag, or click its corners</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw around the cervix in one stroke, where it was not found right; Q shows it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw contours of the chosen lesion (D: outline, B: brush, E: eraser) and the SCJ line (J)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw the cervix as the program found it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawing phantoms to rehearse</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawing the demo library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawn in dashes: tissue near it that did not whiten. Look whether it is normal, or click on other tissue.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dull, opaque, oyster white; grey</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>E&amp;xamine live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>E&amp;xport...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ECC</source>
        <comment>endocervical curettage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ECE</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each of the two pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each patient has a visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each source alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier colposcopy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier, {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Empty list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Encrypting pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>End with the best so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Endoscopy (ES)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enough?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter</source>
        <comment>key</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter compares the chosen picture with the one on the stage, Escape closes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter opens its visit in Review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter or a click opens the visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter or a double click shows a picture large, to read small words and to draw boxes. Delete leaves it out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter shows a picture large, to draw boxes. Delete leaves it out or lets it go. N: the next with words.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter, or a click on the first corner</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Entered by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Entered by {person}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Entered by {reader}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Esc: back to the grades</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Escape</source>
        <comment>key</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Escape closes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Escape in the search field shows all visits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every visit is signed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everything stays on this computer: no picture, name or number is sent anywhere.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examination (IFCPC 2011)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examination and lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examination by IFCPC</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examine her, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examine live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examined and reported by me</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examiner</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examiner&apos;s view: 12 o&apos;clock is up, the patient&apos;s left is on the right.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Excision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Excision margins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Excision type {excision} of a transformation zone type {tz}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Excitation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Excitation (nm)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export WITH NAMES</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export found lines signed...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export from this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export signed...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export the clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export the filtered part of the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export this visit...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export without names</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export...</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (a part of the trail, as filtered) to {file}.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (the whole trail) to {file}.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Exported, and on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting for research</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting the clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting with names</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting. It goes on when you leave this page.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exposure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exposure (ms)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Extent into the canal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>External-camera photography (XC)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F, double click</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>FFV1 video, without loss (*.mkv)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>FIRST FRAME FOLLOWED, not live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>FROM A CLIP, not live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>FROZEN</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>FROZEN, for the scale</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Faintly or patchy yellow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Family name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Feb</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Field</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fields of the chosen line, before and after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Figures of both models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Files: {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filling the demo library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filmstrip: pictures of this visit in order of time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter</source>
        <comment>of glass, before the camera</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter; Escape goes back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find and open a visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find her</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find squares</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Findings in words</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Findings text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Findings, AI, pins, report and referral card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine, of uniform calibre, closely and uniformly placed; poorly formed patterns of fine punctation or mosaic; beyond the margin of the transformation zone; within microcondylomatous or micropapillary lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine, regular</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tune</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tune on my cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fingerprint of the key that signs exports: {fingerprint}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fingerprint of the key: ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fingerprint of the key: {fingerprint}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fingerprint, as its sender told it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finish</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finish placing points first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First read before the AI: the AI answer stays hidden until there is an impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First read, before the AI: {grade} ({who})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First read, then AI. The answer stays hidden until you reveal it; your impression until then is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Flicker</source>
        <translation>Alternance</translation>
    </message>
    <message>
        <source>Flicker: the other picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Flicker: the other picture; in the player: play or pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluor.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence before acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence picture (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fluorescence, {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Focus</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Focus on the os, hold still, retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder for backups, best on another disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder into which the device saves</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Follow-up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Follow-up after treatment, and no earlier treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Follow-up of this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Followed from {at} after acid on only: what had whitened by then is not in it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Followed from {first:.0f} s after acid on only: what had whitened by then is not in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For looking only: the picture that is kept, the AI answer and the report stay as they are.</source>
        <translation>Pour regarder seulement&#xa0;: l’image conservée, la réponse de l’IA et le compte rendu ne changent pas.</translation>
    </message>
    <message>
        <source>Forgets points and registers the pair automatically</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Frame into the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Frame of the clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Free some space: it can be opened for writing here then</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Freeze</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Freeze the live picture, or go on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From earlier runs {learn:,} women learn, {calibrate:,} calibrate and {test:,} are the locked test; new ones join them in these shares.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From now on, {name} answers. Answers kept from other models stay in the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the left (pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the top (pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From then on {model} answers on this computer instead of {before}. Answers that were kept stay as they are, each with the model it came from. One click rolls it back. Investigational - not for diagnosis.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From this day on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Gain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ghost</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give an unassigned visit to a woman ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give it to a woman ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give it up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the picture as the camera took it: no picture of a screen, no panels beside it, not saved at low quality.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the visit to her</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give your grade first. Then come back to this pair and ask again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give your impression ({review.impression_normal} to {review.impression_cancer}), then {review.reveal} reveals the AI answer; that goes on record and cannot be undone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Given name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Given up: not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Go on with the {count} that (waits|wait)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Go there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is fluorescence.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is white light.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Good</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade 1 (minor)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade 2 (major)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade more pairs in Annotate, or enter histology in Review.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade of the second read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: cancer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: high</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: indeterminate, likeliest {grade}, probability {share:.2f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: low</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: normal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grade: {grade}, probability {share:.2f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Graded {grade}: model attention shows {shows}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grades in a set (low is good)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Green</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Green</source>
        <comment>picture through a green filter</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Green filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Green filter, for looking</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Green filter, for looking only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Guessed: {guesses}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>H (hold)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HL7 Lithuania, cervical 0.0.1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV positive</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV positive as indication, and no positive test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV test of</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV types</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV vaccination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV {answer}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HPV, high risk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HSIL (CIN 2)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HSIL (CIN 3)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HSIL+ found at 85 % specificity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HSIL+ found, as graded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HSIL+ sensitivity as graded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HSIL+ sensitivity at 85 % specificity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Haemostasis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Happened at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Have it answer on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Heading of reports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Height (pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Her age is not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hidden. {key} shows it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide pictures ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide the model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>High</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) less than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) worse than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Histology less</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology overdue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology worse</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology: grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology: reported</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology: words</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Histology: {result}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hold H on the stage to hide it for a moment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hold L: loupe, H: no attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Holds for reading pairs for labels. Who asks for the answer is on record, and a read after it counts in no blind figure. The audit trail keeps this choice as it does the first-read lock.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How a picture was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How complete the findings are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How complete the referral card is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How far the run is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How it was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How it was taken: {question}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How long it stayed white</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How sure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How the pictures are shown</source>
        <translation>Comment les images sont montrées</translation>
    </message>
    <message>
        <source>How {specimen} was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hysterectomy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>I agree: {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>I differ ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>I have it on paper, and &amp;somebody else would find it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>I looked at each picture: nothing left in it names anybody</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>IARC Atlas of Colposcopy (online, read 2026)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ID (required)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Identifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Identity corrected after the signing, on {day} by {who}: {identity}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>If it comes again, points can be placed in Review.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Immune status</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import more...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Impression: none given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Impression: {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In doubt: {doubts}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}, the last on {day}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In {folder}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Inadequate for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Inadequate without a reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Indeterminate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Indeterminate: model attention shows {shows}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Indication</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Indication as it was written: {indication}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Indication: {indication}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Intended use: research, training and demonstration of reading paired white-light and fluorescence pictures of the cervix. It is not a medical device. Its answers must not be used for diagnosis, for triage, or to put off a biopsy or a treatment; the clinician&apos;s own reading decides.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Intermediate shade: grey/white colour and shiny surface</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine</source>
        <comment>picture after Lugol&apos;s iodine</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy not asked yet: say No (N) or Yes (Y) first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy on record. To be used all the same: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy on record: do not use iodine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy: no</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy: yes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine allergy?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine in spite of the allergy, because</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Iodine staining</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Is anything drawn into these pictures that names somebody: a name, a number, a date? Make it black.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Is now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It can be examined and reviewed. Before it can be signed it must be given to a woman.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It could not be judged; the error is in the log.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not say when a picture is unlike anything it learned from.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It ended early: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It ended without a model: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fills itself once the os is marked (O, or Shift+O: as found) and the cervix drawn (C, or Shift+C: as found).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, READABLE in its folder: this library is not encrypted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, encrypted with it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is being learned now, at low priority.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is being put on record, with its maps ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is in quarantine and answers nothing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is kept in this library: what is chosen while another one is open changes nothing here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not in sight at the moment.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is off the record. Take it again with the device&apos;s own button.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is on record that you saw this. A grade that you give or change from now on counts as one after AI.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is replaced and answers nothing now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is rolled back and answers nothing now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is whole in {folder}, from an earlier backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It outranks every reading when a case gets its label. Readers do not see it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It says when a picture is unlike anything it learned from ({sources}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It seems to lie on its side or to be squeezed: hold the camera upright, give the picture as the camera took it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It stays as it was.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was cut short, by an ending of the program or an error. What was learned until then is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was measured in another recording: its place is seen in the report.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was stopped before it was done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was stopped. No labels were saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was stopped. No report was saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was stopped: the visit is signed as before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was stopped; this is the best until then.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was written anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n hour(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n minute(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Items of the Swede score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its file says that words are drawn into it: cover them, or it stays here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its folder says {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its name says born {birth}, and she is born {day}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its pair is gone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its pictures stay together.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its recovery key was not shown: make another one in Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its sender calls it {name}, which another model here is called already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>JSON Lines (*.jsonl)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jul</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jun</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Junction (SCJ)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kappa (quadratic)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kappa with quadratic weights: Cohen&apos;s of two readers, Fleiss&apos; of all. In brackets: 95 % interval, by woman. Drift: how many grades above (+) or below (-) the other readers, in blocks of 50 reads. Of two readers nobody can tell by it which of them drifts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep my impression: {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep the old plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep, with care: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keeping it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keeping the registration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keeping the signed report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kept once a grade is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keys of {page}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind of lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>L (hold)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>LAST PICTURE, not live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>LSIL (CIN 1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels from: {origins}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels of the pots as PDF ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels of the pots as PDF...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last backup: ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last backup: {when}, in {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last treated on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lay a board of black and white squares, or a ruler, flat where the cervix would be, in focus. The scale holds at this zoom and working distance alone: calibrate anew once the zoom of the colposcope was changed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learn a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learned from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}, {phantoms:,} phantoms rehearsed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learning a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave in the folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave note, reasons or drawing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave point mode</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave the next step out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Left out %n case(s). {reasons}.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Left out by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left out by the template of this site: {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left out: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left out: {reasons}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Length of the specimen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lengthen the exposure, darken the room, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion 1 (new)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion margin and surface</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion {number} as drawn: {measures}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion {number} is not drawn on these pictures: press D on the stage and draw around it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion {number}: an inner border lies between thin and dense acetowhite epithelium</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Lesion {number}: its hours lie in more than %n quadrant(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Lesion {number}: rapid acetowhitening, and it was first measured at {seconds:.0f} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Less</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Less seen as less</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let go of what is dragged; back to the pan tool; from another visit or the player back to the pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let it go out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Letter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Letter due</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Letter sent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Letters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Letters with the result are followed up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Letters, digits, - _ and .</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Niveau</translation>
    </message>
    <message>
        <source>Library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Library {library}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Library {library}, encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence: Apache 2.0; see LICENSE. Other people&apos;s parts are listed in the README.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Light</source>
        <comment>the theme of light colours</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Likely</source>
        <comment>how sure</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Limited</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line {number}, {moment}, by {who}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line {number}: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, never better since.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, {least:.3f} after epoch {best} (the best, ringed).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lines of the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load the pair again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading the numeric library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading the pictures ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading this pair ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loc&amp;k the window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Location</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lock after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lock the window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Locked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at both pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at it yourself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at lamp and filter, then take the pair again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at the locked test again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at the pictures first: scroll through all of them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error unknown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look whether both meet; take the pair again if there is time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look whether both pictures meet under the cursor; place points by hand if they do not.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look whether your last work is there; if not, do it again or restore a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look who she is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looked at through</source>
        <translation>Regarder à travers</translation>
    </message>
    <message>
        <source>Looking ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the colours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the colours.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the frames that were recorded after acetic acid ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the pair ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the pictures once</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for pairs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for pictures ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for squares ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for tasks ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for the earlier pictures ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking how the pairs differ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking what the files say</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking whether it can be undone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Losses by epoch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loupe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Low</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Low-intensity acetowhitening (not completely opaque); indistinct; transparent or translucent; beyond the margin of the transformation zone; pure snow-white with intense surface shine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lower the light or the exposure, retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lugol&apos;s iodine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lugol&apos;s iodine allowed in spite of a known allergy: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lugol&apos;s iodine comes last: its stain is on all that is taken after it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lugol&apos;s iodine is on: it hides fluorescence, and no model reads such a pair. W takes a white-light picture. Press again within 3 seconds to take the pair all the same.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lugol&apos;s iodine: non-stained</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lugol&apos;s iodine: stained</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MDT meeting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MJPG video (*.avi)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Macro recall</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made from picture files, without a patient or findings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make a new library in this folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make the new folder in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make the task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making it...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the demo library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the report that was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the task ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Manoeuvre or instrument</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Map over the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Map, {words}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Map: how long it stayed white</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Map: most whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Margin that is made black, in pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Margins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Margins and surface</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark the os first (O on the stage)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark the os where the program found it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>May</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>May sign in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Menopause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Message of this page</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Method: {method}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Microcondylomatous or micropapillary contour; flat with indistinct margins; feathered or finely scalloped; angular, jagged; satellites beyond the margin of the transformation zone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Middle error {error:.1f} px, worst pair {worst}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Millimetres in a pixel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): complete.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): {done} of {all}. Missing: {titles}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Miscellaneous</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Missing: {gaps}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mode</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model attention of which source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model files (*.pfm-model)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model {name} {version}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model {name}, version {version}, {variant}, {splice} splice; {label}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models and fine-tuning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models are learned by clinicians of this library: they see all labels.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models that were learned here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Modified Reid index</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Monsel&apos;s solution</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More contrast</source>
        <translation>Plus de contraste</translation>
    </message>
    <message>
        <source>More than {limit:g} s: they may not show the same. Look at lamp and camera, take it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Most whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)
from {origin}
to {woman}, visit of {when}?</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s) to</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Move closer or zoom in until the cervix fills most of the picture, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move in the list, from the search field too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move the blend or the curtain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move the blend or the curtain; [ and ] with a brush: its size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move the chosen pictures to another visit ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move the chosen pin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Move the visit of {when}, with %n picture(s) and all that is said in it,
from {woman}
to {other}?</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Move to another visit...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move visit to another patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>My figures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>My grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>My password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>My second read ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NHSCSP 20: told within 4 weeks (best practice), 8 weeks (minimum)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NOT ALIGNED: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NOT removed: the picture itself, and words in it that are not made black. A scar or a rare finding may tell who she is: pass it on under agreement.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name and address of the clinic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name and serial number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name or ID</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names are hidden on this page</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names are hidden while pairs are read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names are hidden: nothing to search</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads, and the AI answer until the own grade is given: the site shows it after that to who asks for it (Settings).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads. The AI answer is shown to who asks for it, also before the grade: such reads are marked, and count in no blind figure.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names, findings, histology and AI answers stay hidden from who reads.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Negative uptake: yellow staining of a lesion that has 4 or more on the other three</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New &amp;library...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New &amp;password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New &amp;patient...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New &amp;visit...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New here? A short tour shows the way, on phantoms: no real women, and nothing is changed or signed by it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New library...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New password, if any</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New recovery key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New recovery key...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New shortcut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New task...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New: {records}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next area of the page</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next pair, without reading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next with words (N)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nil or diffuse</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nil or transparent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nine groups of four letters and digits. Whoever signs in so becomes an administrator of the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No acetowhite epithelium, and lesion {lesions} shows it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No answer is given from both: {reason}. The pictures can be looked at together.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No answer: refused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No answer: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No backup was found in {folder}: the disk may not be connected.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No bands</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No camera is chosen on this workstation yet. Press D, or Device below, to choose one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No camera takes pictures of this shape: give the picture as the camera took it, neither cut nor squeezed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No case can be learned from: all that have a label are left out, for the reasons below.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No case has a label yet. Grade pairs in Annotate, or enter histology in Review.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No clip in this visit yet. R records one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No clip was recorded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No dark frame was subtracted: {why}. Take a new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No earlier visit of this woman has pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No epoch was better than the model before: only its calibration is new.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No error to show yet: up to 3 pairs always fit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No fluorescence picture here: add one for a pair, or go on with one source.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No fluorescence picture in this pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No fluorescence: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No folder for backups is chosen yet. Best is one on another disk, kept away from this computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No folder is chosen yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No keys of its own: Tab goes from one control to the next, Space and Enter press.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No lesion is documented. Each has its own signs and scores.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No letter is due.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model on this computer. Pictures can be looked at, registered and reported; there is no AI answer.

Bring a model folder with `pfm models import FOLDER`, or put it into:
{folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No os is suggested in pictures that cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No os was found in these pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pair is guessed: choose one picture of each source and make them a pair (P).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pair of these pictures is on record yet. Show the pictures and put two on the stage, or add pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pair yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture can be moved. {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture on the stage to compare with.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture on the stage.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture on the stage. Choose one in the filmstrip below.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture was found here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture was found there. Choose another folder, zip or file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No picture would go out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pictures can be brought in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pictures can be brought into this library: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, and the engine reads them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, or drop files here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No pins yet. Press P on the stage, then click where the biopsy is taken.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No readers differ in this task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No region drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No result</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No result is awaited.

A biopsy pin set in Review, or a specimen added beside it, is waited for here until its result is entered.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No result of histology is overdue.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No step is left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No tasks yet.

A clinician of this library makes them; they are listed here then. F5 looks again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names and findings.
Choose New task to make the first one from a search.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names, findings or AI.
Choose New task to make the first one from a search.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No tasks yet.

This library is open for reading only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No tissue near it stayed as it was: click on normal tissue yourself.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit is found: change the search</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit is open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit is open.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit is open. Choose one in Today.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit that you read has a result of histology yet.

Once results are entered here, your impressions are compared with them, for you alone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visit today.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visits yet.

Choose New patient to add the first one, or drop two picture files here.
Folders or zips with pictures of many visits are brought in by Import pictures, or dropped here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No visits yet.

This library is open for reading only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No white light picture here: add one for a pair, or go on with one source.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No white-light picture after acetic acid in this visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No white-light picture in this pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No whitening so far ({frames} frames).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nobody has said who the woman is: give the visit to her (Capture, or Ctrl+M in Today), then sign it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nobody has said whose these visits are: assign them to patients first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nobody has the identifier {identifier} in this library: she will be added.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nobody is found. Search by name, ID or date.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nobody on record fits. Enter her below as a new patient.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Non-specific</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None comes again: a repeat comes {gap} pairs or more after the first read, and this task is too short for that.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>None comes again: the share is less than one of %n pair(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Normal</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Normal findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Normal tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not aligned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not all was read. F5 reads again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not brought in: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not brought in: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not calibrated so far.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not checked. {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not decided yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not exported</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not exported. {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not exported. {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not filled from what was drawn: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not graded: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not in the library yet. It is held here and tried again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. {why} Stay, and it is kept as soon as that is possible.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not kept: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not known to be hers: they came before this visit was open here, or while nobody looked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not known whose ({folder})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not read yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not registered: side by side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not registered: {cause}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not saved. {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not scored: Swede score.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not signed: a draft.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, other weights, this one by {this}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, this one by {this}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not to be promoted without a reason:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not to be relied on: {wrong} found wrong in {lines} lines.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not used: its name leads to the model in {folder}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not {asked:,}: the task is too short for more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note on a pin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note on pin {letter}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) is kept, and waits for the grade</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) waits for the grade, and is not all on disk</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Notes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing can be taken: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found for &quot;{search}&quot; among {only}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found for &quot;{search}&quot; in this list.

Escape in the search field shows all of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found for &quot;{search}&quot;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found.

No line fits all of the filters. Clear one of them, or all.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found: the first day comes after the last one.

Change the days, or clear the filters.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is brought in yet. You can go on working meanwhile.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is drawn across this registration: it is for looking only. Draw on the white-light picture, or register the pair again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is marked, read or kept here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is on record yet.

Every change, reveal, export and setting will stand here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is taken before that is said.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is to be discussed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is to be discussed.

Visits come here by themselves where histology and impression are two grades apart, and where the follow-up says so.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing more to decide here.

Left goes back, T to the tasks.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing speaks against it: none of {measures} is worse beyond chance.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Nothing taken since it was opened: %n picture(s) in this visit</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Nothing taken yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing to compare yet: no pair of this task was graded twice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing to import</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing to import yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing was added yet. What is marked above is already in another visit, or seems to be of another woman or day: remove it, or add it all the same.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing was changed. Keep the backups there are; ask who looks after the computers (pfm library repair).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing was learned from this library yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing was left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nov</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Now click on normal pink tissue: the whitening of the place is told against it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Now click on the other end.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Now the same spot in the Lugol&apos;s iodine picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Now the same spot in the fluorescence picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Now the same spot in the green filter picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Now the same spot in the white-light picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Numbered: the places that were measured.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Numbered: the places that were measured; dashed: tissue named as normal.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>O&apos;clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Oct</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Of %n visit(s) the AI gave no grade.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Of lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the window and of what it prints, from the next start on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of women with a biopsy alone: sensitivity looks better than it is, specificity worse.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Off the record. Edit &gt; Undo or Redo brings it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Offer of a tour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Old and new model on the locked test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On</source>
        <comment>on which picture</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On its way to the library ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On the locked test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On the picture of</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On this computer {model} answers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On {picture}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Once it is closed there it can be opened for writing here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Once you gave your grade. It goes on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One camera, a lamp switched between white light and fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One camera, white light only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One can go on working meanwhile, and stop it at any time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel (Z)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One picture, to draw boxes that will be black</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One source only: {source}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One source only: {source}. The other one was not given.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One to one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only one picture has its seconds since acetic acid: there is nothing to play.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only pairs without a label</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Only pairs without a label ({unlabelled:,} of %n visits)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opacity of the fluorescence picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opacity of the model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opacity of the {what} picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a library first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a visit on Today first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open another library once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open another library...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open for &amp;writing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open for writing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open in Review:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open it for writing once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the aperture or raise the light, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the camera again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the demo library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the demo library and take the tour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the demo library once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the library in this folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the other library without it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the visit on which the list stands</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the camera ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the library for writing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening {library}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Or click on one end of a known length, then on the other; zoom in (+) to be exact.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Os</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Os mark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Os tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other grades are not excluded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other visits of this woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Others spared (specificity)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Outlined: lesions as they were drawn, by number; dashed: the SCJ.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades. Take what is missing now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Page before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Page {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pair</source>
        <comment>of pictures</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pair (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pair {number:,} of {pairs:,}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pairs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pairs one after the other by single keys, without names and without the AI: {annotate.grade_normal} normal to {annotate.grade_cancer} cancer, {annotate.undo} takes back. {annotate.new_task} makes a task.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pairs that differ most from each other first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pairs {pairs}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pan</source>
        <comment>to move pictures</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pan tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Part &amp;pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Part of this place is overexposed: it whitened by more than this says.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Partial uptake: variegated, speckled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parts could not be read: {parts}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parts of the clip cannot be read: {problems}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parts of the whitening clip cannot be read: {problems}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pass a model on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pass on...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Passing a model on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pathologist</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patient (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patient of this form</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patients without visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patients without visits...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused. It waits until you let it go on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>People</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>People of this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture of the sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture of the visit before, over the live one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture {number} cannot be shown. {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture {place} of {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures ({endings});;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures a second.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures as they were taken</source>
        <translation>Images telles que prises</translation>
    </message>
    <message>
        <source>Pictures come from the folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures for {identifier} were left out: {reason}. Look who she is, and confirm her.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures of earlier visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures of earlier visits of this woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures of {identifier} were added to her visit of {day}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures of {identifier} will be added to her visit of {day}.</source>
        <translation>Les images de {identifier} seront ajoutées à sa consultation du {day}.</translation>
    </message>
    <message>
        <source>Pictures prepared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures that appear in the folder go into the visit that is open then, as they are. Nothing in the folder is moved or deleted; what lies there already is brought in by Import.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures that wait</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures that would go out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures themselves may still tell who somebody is, and so may a rare finding: pass it on under agreement.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pictures, videos, DICOM and zips (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pin tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pin {letter}, {place}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pins and pots</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Place 4 points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Place a pin or the os at the cursor; close what is drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Places on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan missing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan of examinations</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan of examinations ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play the acetic acid sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Player</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Player: not the pair that is read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Player: the first picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Player: the last picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Player: the next picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Player: the picture before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Points that are paired by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Polariser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Port of the lamp</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Positive uptake, mahogany brown; or yellow staining of a lesion of 3 or less on the other three; or iodine-negative areas beyond the margin of the transformation zone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pot of {specimen}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pot {pot}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pot {pot}, {result}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pot {pot}: {result}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pot {pot}: {result}, reported {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pots of this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prediction set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prediction set ({promise})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pregnant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pregnant after a hysterectomy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pregnant and postmenopausal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preparing pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preparing the sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preparing the sequence ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Press &quot;Somebody else...&quot; once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Press again to confirm {what} all the same.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Press again to give it to her all the same.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Press again: what it has learned is removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Press the keys you want.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Press to place points by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preview of the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Previous area of the page</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Print it, then delete the file: whoever has it can open the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Print the recovery key or write it down first: it is not shown again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Printed name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Privacy screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Probabilities not calibrated for such pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Probability of each grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Problem</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Problem: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Processed, for looking: {pictures}</source>
        <translation>Traitée, pour regarder seulement&#xa0;: {pictures}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of preparing the sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of {job}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Promote the new model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Promote...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Promoted by {name}: {meaning}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Promoting ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Promoting a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pseudonym to look up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put on the stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Puts up to six spots where the pictures are registered now, to be dragged right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Putting it on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quadrants covered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality (Q)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality: good, limited, unusable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality: {quality}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Random</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rate</source>
        <comment>of frames</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Re&amp;view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read (Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read by administrators of the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read by you</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read only, nothing can be changed here: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read only: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read pairs for labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read the card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reader</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reader {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reader: the name beside your reads and signatures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Readers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Readers differ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Readers see the AI answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the earlier picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the registration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading what is on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reads</source>
        <comment>of which pictures a model makes its answer</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reads shown to who decides</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reason for iodine in spite of the allergy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reason, needed to use it all the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reason: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Record</source>
        <comment>a clip</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Record a clip, or end it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recovery &amp;key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recovery key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Referral</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Referral card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Referral: {answers}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Region</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Register automatically again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Register by points ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registered by hand, to be looked at only: {cause}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registered, estimated error unknown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registered, estimated error {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registering</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registering needs both pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registering the pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registers the pair by these points (Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registration: not made.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registration: {status}, by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px, by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Registration: {status}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Regular-shaped, symmetrical, with smooth, straight outlines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reid index of lesion {number}: {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reid index: {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remarks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Removals only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove from this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove lesion {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove lesion {number} with its scores; it can be undone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the chosen pin, contour or line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the drawn outline of the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Removed: names, numbers, birth dates, all that was typed, who examined, AI answers, cameras, file names. Days are moved; ages stay, at most 90.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repairing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report and signature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report has: {section}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reported</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reported by me</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Research, without names: CSV, manifest to train</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Research, without names: DICOM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Research, without names: the same, and COCO</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Responsible for this report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restoring</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Result</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Result of pot {pot}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Result of the laboratory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Result: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Results and follow-up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Results awaited</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retake</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, neither cut nor squeezed, or place four points by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, or place four points by hand.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retake what was taken last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retake: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reveal the AI answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reviewed and confirmed by me</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Roles</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Roll back to the model before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rolled, peeling edges; internal demarcations (central high-grade, peripheral low-grade area)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rolling back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Roughly {low:,} to {high:,} min.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Roughly {minutes:,} min.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Running jobs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SCJ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SCJ line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SCJ line tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SCJ: drag along it, or click points (Enter ends)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of its weights: {sum}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of the content</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of the dark frame</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of the map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of the pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256 of the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Said</source>
        <comment>how sure</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Said beside a grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Said with it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Same grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save PDF...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as CSV...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as PDF...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save changes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save report signed {day}...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the recovery key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the report as PDF ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the report as it was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the report of the import</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved as {name} in the folder {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved as {where}. It names files and identifiers: keep it safe.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving the labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving the labels ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving the report ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving the report as it was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving {file} ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Say first whose examination it is: choose it beside the live picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scale</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scored</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search by name, ID, date, hour, impression or finding; Escape shows all visits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search name, ID or date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search name, ID or pot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search name, ID, date, hour or impression; empty: all visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search name, ID, date, impression, finding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search to whom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second camera (fluorescence)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second read, after the AI: {grade} ({who})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second read: {grade}, {how}, {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second screen for patient or student</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second screen: with pins and lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second screen: with the model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second screen: with the name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds after acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds differ: {first:.0f} s and {second:.0f} s after acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds since acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds since acetic acid of {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sections of reports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set a corner at the cursor, or a dab of the brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set my impression to {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set the exposure to 1/50 or 1/60 s, as the lamp flickers, or use the colposcope&apos;s own light, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sets that hold the label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Setting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of evidence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of the evidence: {shares}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shares have their 95 % interval in brackets; of fewer than {few} visits only counts are shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sharp and even, difference in level (incl. cuffing)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sharp but irregular, jagged, satellites</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has pictures after Lugol&apos;s iodine. Is it hers?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has the answer &quot;no allergy&quot;. Is it hers?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>She has no other visit and goes off the record with it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>She may have moved: take the pair again if there is time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shift+arrows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shortcut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shorten the exposure, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide contours and SCJ line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the pictures and visits below the stage (F8)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the pictures of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show pictures ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the whole message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show visits: {which}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show {tab}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show: {list}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shown on request, after the own grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shown on request, also before the grade, in tasks made so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows {shows}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Side by side, blend, swipe, flicker and checkerboard are on the keys {review.side_by_side}, {review.blend}, {review.swipe}, {review.flicker} and {review.checkerboard}; the wheel zooms both. The chip says how well the pictures lie on each other.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Side of a square</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sides</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign and promote</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign as {name} ({meaning})?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign in with the recovery key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign out once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign out without it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign this visit?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign-in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sign-ins, accounts, refusals</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed by {name} at {when}: {meaning}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed by {name}, {moment}: locked, unless the report is amended.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed by {name}: locked, unless the report is amended (Report).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed by {name}: nothing can be added any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed impressions are labels too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signed in: {who}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signing in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Signs (IFCPC 2011)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulated device: a phantom (demo library only)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulated device: a phantom, no woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Skip the tour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smoking</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>So far {scale:.4g} mm a pixel, {width:.1f} mm wide.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Somebody else...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something is being undone; the next step can be undone when that has ended.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something is under way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something unexpected happened ({kind}). Everything you entered until then is saved. You can go on; if it happens again, restart the program. Details: {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Space ticks a visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Space: the other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Specimen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Specimen (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage</source>
        <comment>where the pictures are shown</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage and time differ</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Stage of %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Stage of the frame</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage of {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage tools</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage: the pair of pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stages differ: one picture was taken before acetic acid, the other after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stages differ: {now} and {earlier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start from the map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stays hidden from who reads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Step {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Steps passed over</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Still missing: {grades}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Still open for reading only, but the disk has free space again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Still open for reading only, but the folder can be written again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Still open for reading only, but the program that had the library has closed it or has ended.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop aligning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop, and keep the best so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop: nothing is learned yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. No task was made.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. No video was written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. Nothing was brought in.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. Nothing was written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. Pictures added until then are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. The library and the backups before are unchanged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. What was finished is in the library; Import goes on with the rest.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped: nothing was undone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping: what is under way is finished first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Strander 2005 and Bowring 2010</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Suggest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Suggest normal tissue near the place: look whether it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Suspicious for invasion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swap the two.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swede score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swede score ({left} of {items} items)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swede score of {lesion}: {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swede score: {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swede, lesion size: {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Switched by clinicians only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Switched on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>THE CAMERA SENDS THE SAME PICTURE AGAIN AND AGAIN: unplug it and plug it in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take a box away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take a dark frame for fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take a pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take a white-light picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take all t&amp;he same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take back what was done last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take from the drawing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take into this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take off the record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the impression away; it can be undone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the last corner back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the last corner or lesion away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the last point away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the swab or instrument out of the view, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the tour (3 minutes)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take this patient off the record? She has no visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take this visit off the record?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take what comes next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken on {day} ({reason}); this visit is of {own_day}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Takes the last point away (Backspace, Ctrl+Z)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Task closed: {name}. {few}; opened again, it waits for them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Task made: {task}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Task opened again: {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Template of reports</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>That %n examination(s) began</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>That it was asked goes on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That nothing is drawn does not mean that nothing is there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That you ask goes on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI answer (investigational)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI answer is investigational, not for diagnosis.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI answer may be shown before the grade is given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI answer was not revealed in this visit, so it does not stand here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI answer was revealed in this visit, but it is not available now and not in this report.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI answer was shown without a first read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI was revealed on other pictures of this visit: a second read may be about those.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The AI was revealed without a first read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Lugol&apos;s iodine picture shows only a part of this view.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The audit trail of this library records each time this is switched on or off, and by whom. What was switched elsewhere is recorded when the library is opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The brightness in the middle of the window; a lower level is brighter</source>
        <translation>La luminosité au milieu de la fenêtre&#x202f;; un niveau plus bas est plus clair</translation>
    </message>
    <message>
        <source>The camera changed its resolution between the two pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera did not take its {names} again: set it anew.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera does not answer, however often it is opened. Unplug it, wait some seconds and plug it in again; if that does not help, restart this program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera gave one picture twice: look at lamp and filter, then take the pair again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera gives no pictures since {silent:.0f} s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera gives no pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera gives pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera is being opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The camera is off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The card of this model cannot be shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The cervix is drawn already. To draw it anew, press C and draw around it in one stroke.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The cervix was not drawn on these pictures. To draw it, press C and draw around it in one stroke.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The cervix was not found in one piece. To draw it, press C and draw around it in one stroke.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The check was stopped; nothing is known of the trail.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The clinician&apos;s grade: normal, low, high, cancer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The clock is running. Press again within 3 seconds to start it anew.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The clock of acetic acid runs. It is not on record yet, and is tried again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The clock of this computer was set back by {seconds:.0f} s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The clock of this computer was set forward by {seconds:.0f} s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The colours are unlike the fluorescence this model knows: check filter and white balance.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The correction holds for all her visits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The demo library is not complete. What is drawn already is kept and used next time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The device is another one now: calibrate its own scale.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The earlier picture is being laid anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The earlier picture is being laid on this visit&apos;s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The earlier picture is laid over the live one, and there is none at present.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The earlier visit is no longer on record as one of this woman&apos;s: it is not shown any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is not done yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is reading the pair ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The error is not known: spread the spots, the others lie on one line.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The examination goes on. That it began is not on record yet, and is tried again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The examiner of the visit is recorded as {reader}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The examiner on record is another person: {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The export was cancelled. What was written until then was removed. Once the first file was written, it is on record that the export was begun and cancelled.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The export was stopped. No file was written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The fifth reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file&apos;s name says {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file&apos;s own record says {name}, born {day}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file&apos;s own record says {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The findings were entered by another person: {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first account is yours: clinician and administrator. There is no other way in but passwords and the recovery key, which is shown once after this. Without any of them the pictures are lost for good.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first {shown} of {all:,}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first, all others are laid on it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The fluorescence picture is being laid anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The fluorescence picture shows only a part of this view.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder {path} cannot be reached ({why}). Waiting for it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The frame is in the visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The green filter picture shows only a part of this view.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>The highest Swede score counts: %n lesion(s) to be scored.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The highest Swede score counts: {status}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The identity was corrected after this signature: see the top of the report.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The import is not done. Its plan is kept: Import pictures in Today shows it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The impression was changed after the last read that stands here, by a version of this program that did not record this as a second read. The impression is what was said last.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The journal keeps the signing as {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The key is the one with this fingerprint: {fingerprint}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The library is not open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The library was not opened. Nothing was changed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or milder has {together:.2f}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or worse has {together:.2f}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The list is still the one from before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The list of pseudonyms is kept in the library, encrypted with it. Nothing of it is in the export.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The locked test has not been looked at yet. Each look is counted and on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>The locked test was looked at %n time(s). Each look is counted and on record: whoever chooses among models by it wears it out.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The manifest says {identifier} for pictures in {folders}: look that it is so.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The map of whitening cannot be read: have the library checked in Settings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model is asked ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model reads pairs of these sources, and refuses others</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The moment of this mark has passed: its picture stays. W takes another one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The name, written beside your reads and signatures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The network follows a preprint (PConvFusionModel) that was not peer reviewed. The shipped model is a {model}: its figures on phantoms say nothing about its performance on women.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The new folder {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The new password again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The next backup writes it anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The next picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The next picture (full stop)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os is marked already. To move it, press O and click where it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os is marked on one picture, the cervix drawn on the other, and the pair is not registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os is marked on the other picture, and the pair is not registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os is not marked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os is still being looked for.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os lies outside the outline of the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The os was not looked for.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The outline of the cervix is not drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pair as it was (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pair before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pair is being registered.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pair was not registered again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pair {problem}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The picture before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The picture before (comma)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The picture could not be taken; the error is in the log. Take it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The picture taken last is on its way to the library. Press again once it is there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures after acetic acid, one after the other, each on the first (F9)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures again, for others</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures are being registered.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures are not registered: {reason}. They are shown side by side, each in its own frame.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures are still being looked for.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures are still loading.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures come first: wait until they are shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures could not be loaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pictures do not settle the grade; your own read decides.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The plan of this site does not count: {problem}. The default plan does, until one is saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The plan of this site is saved. It holds for examinations that begin from now on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The plan of this site, for all who examine here. It holds for examinations that begin from now on. A step with seconds is a mark of the clock since acetic acid.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The points lie on top of each other or on one line. Spread them over the cervix.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The preview is being made ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The program cannot look for words: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The program ended without closing the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The program ended without closing the library. What was done is there, and can be undone as before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The program found no words; it misses some.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>The program found words in %n picture(s); it misses some.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The program looks for words: %n picture(s) to go.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The quality of these pictures has not been checked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The report on pot {pots} is dated before the visit: is it this woman&apos;s, and of this visit?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The report that was signed is kept as it is. The visit can be changed then, and has to be signed anew; the new report says which one it takes the place of, and why.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The same password again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The same picture was given twice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The scale cannot be calibrated: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The scale is in use: {scale:.4g} mm a pixel. It stands with every picture taken from now on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The scale is that of this picture: its strongest place is 1, however weak it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The seconds since acetic acid are not known of any picture: there is no order in which to play them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The site&apos;s template of reports was not used: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The sixth reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The structures of the two pictures do not agree where the points put them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The time left is said while it runs; stopped, no task is made.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The time since acetic acid is right, and pictures of this examination go on by the clock as it was when it began.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tour is over. Help, Take the tour shows it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tour is shown on the demo library, on phantoms. The library that is open now is closed for it; File, Open another library brings it back, and the next start opens it as before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tour waits: this step is about {page}. Stay here as long as you like.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The trail does not hold (checked at {time}). Keep the library as it is, and compare it with a backup:</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>The trail holds: (its|all) %n line(s) (is|are) as written, in order, and none is missing. Checked at {time}.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The two are not aligned.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two are not aligned: {reason}. They stand side by side, each in its own frame.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two do not belong together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two passwords differ.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two pictures do not seem to belong together.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two pictures show too little of the same tissue.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two stay side by side, not aligned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The view moved between the two: hold still, and take the pair again if there is time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The visit opens as soon as the library is open.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The visit was signed before the AI answer was revealed: it stays hidden.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The visits are still being looked for.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The visits that I tick ({count:,} ticked)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The whitening of this place is on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The whole picture (F)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The women of the locked test are set aside for good: no model of this library ever learns from them. What is learned stays in quarantine and answers nothing until it is compared on them and promoted with a signature.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The {picture}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The {source} picture is being laid anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The {source} picture was not used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Then: {indication}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is a plan that was not imported yet. Throw it away, and look at what was dropped now?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no AI answer for this pair.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no AI answer. {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no AI answer. {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no AI answer: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no answer for these pictures yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no answer to reveal.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no earlier visit of hers with a white-light picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no key yet: the first signed export makes it, and its fingerprint stands here then.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no picture from the camera to take.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no picture to add. Choose a file, or drop one here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no preview. {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no registration for these pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no such page in the guide: {link}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no {source} picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is nothing to be seen in it: retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These are the first {count}; the CSV has all.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These pictures stand elsewhere by now. Choose them again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>They stay in the folder. Import brings them in later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>They were taken %n minute(s) apart: use pictures that were taken together.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>They were taken {hours} hours apart: use pictures that were taken together.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thickness</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thin, milky</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This device gives no fluorescence. Leave the step out, take a white-light picture, or choose another device.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This device takes its pictures itself: press its own button, and they come into the visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This export is not recorded: the library is read-only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This frame is in the visit already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This is no address of a camera. It begins with usb:, rtsp://, http://, genicam: or file:/.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This is the demo library. For your own patients make a library of your own in Settings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This is the demo library: do not keep real women here. Their place is a library of your own (Settings).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This is the demonstration library: all of it is on phantoms.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This is your second read. One that differs from the AI needs a reason.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This key opens the library if every password is forgotten. Print it or write it down, and keep it in a safe place away from this computer. It is not shown again, and nobody can make it again; an administrator can make another.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This leads out of the program, which opens nothing on the net: {link}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is a demonstration: the woman is made up and the pictures are computer-drawn phantoms.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is not encrypted and has no accounts: the name above is what stands beside your reads. For pictures of real women make an encrypted library (New library...).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is not encrypted: the list of pseudonyms lies readable in it, for whoever can read its folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is open already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is open for reading only ({why}), and an export must go on record. Open it where it can be written, then export again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is open for reading only, and an export must go on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This library is open for reading only: nothing can be learned from it here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This line cannot be read: it is not what was written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This looks like a fluorescence picture: give it as that, and of two pictures swap them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This looks like a white-light picture: give it as that, and of two pictures swap them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This model cannot tell whether {sources} is like anything it learned from.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This model has no CARD.md.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This moment is not in white light: nothing was frozen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This pair cannot be shown: {why}.

Press 0 to go on without a grade, or F5 to try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in a visit of {name} (ID {identifier}) and in %n more visit(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in a visit of {name} (ID {identifier}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in another visit of this woman ({day}) and in %n more visit(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in another visit of this woman ({day}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This picture is already in this visit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This picture is black and white: use the colour picture, or switch the camera to colour, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This shows no tissue: choose the picture of the cervix.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This task is closed: open it again to decide in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This visit is of {day}, not of today. Press again within 3 seconds to take pictures into it all the same, or begin a new visit of her in Today.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This visit is signed: begin a new visit of her in Today.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This would stop the clock of acetic acid. Undo again within 3 seconds to take it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threshold of the model attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Throw it away: press again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Throw the old plan away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Throw the plan away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tick that you looked at the pictures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tilt the light or dab the surface dry.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time of day known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time since acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To be used with care: {pictures}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To discuss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To discuss (MDT)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To end that, make a new recovery key (Settings)</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People), and make a new recovery key</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>To her visit of {when}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To mark it, press O and click where it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To rule a grade out a model needs {enough} women of it: {grades}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To take more over, {act}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To take more over, {first} and {second}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To whom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Too few corners to close: a contour takes 3 and a line 2. Move the cursor away from the last one and set the next.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women with a picture of {source}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tool: draw</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tool: draw, {drawing}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tour, {counter}. {title}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tour, {counter}: {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Transformation zone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Transformation zone type 3, and the junction is completely visible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Transformation zone type {tz}, and the junction is not completely visible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Treatment on record: {treatment}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trunks only: a start for training, it gives no answers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trying again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Two cameras: white light and fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Two visits are on the stage. Press Esc to go back to the pair first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Two visits beside each other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type a name, a number, a date or a finding; the buttons ({today.show_all}, {today.show_today} and on) show what is to be done. Enter opens the visit, and {edit.find} comes back here from anywhere.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unassigned visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unassigned: nobody has said yet who the woman is. This is a preview; assign the visit to a patient to sign it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo takes it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undoing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undoing: {step}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undone: {step}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlike anything the model learned from: {pictures}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlike pictures change at most 3 times a second.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Until</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Until this day, which is included</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unusable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Up, Down, Page Up, Page Down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use a picture of at least 1000 pixels a side.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use iodine all the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use the recovery key...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use these keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use this device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use this scale</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>User guide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina and treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina inadequate for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, grade 1 (minor)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, grade 2 (major)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, miscellaneous</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, non-specific</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, normal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, suspicious for invasion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vagina, where</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit &amp;time...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit of {day}, impression {grade}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit of {day}, no impression.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit of {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit of {when} ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visit {number} of {all}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visits (internal numbers)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visits that {reader} read and of which the laboratory gave a grade. Only you see them here: nobody is ranked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visits to tick</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>W takes a white-light picture.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>WAOCP series</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>WARNING:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wait {left:.0f} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting for pictures in {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waits for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waits for you: set or confirm what is not known or unsure.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weeks pregnant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Well-defined coarse punctation or mosaic, sharply demarcated, randomly and widely placed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What a complete score is taken for, beside it in Findings. Sources differ. None says that a biopsy is not needed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What became of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What became of the files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What becomes of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What came back belonged to another visit or pair and was thrown away. Try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What comes out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What happened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What is known of the chosen row</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What is signed stays: a change after it takes a reason, and this report is kept beside the new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it made (internal numbers)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What readers see in their list: no woman&apos;s name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What stands above and below every report from now on, and which sections it has. Who she is, the findings, the AI answer where it was revealed, warnings and the signature always do; what is left out is said in the report.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What stands above the signature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the AI answer is not for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the model says, where the site shows it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the signature means</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What they do</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What took the pictures failed and was ended: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was done last is not on record yet. Undo takes it back once it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was finished before is in the library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was left is kept as {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was left out, and why</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was said of pairs without a grade is not kept. Stay, or leave the task once more to throw it away.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was typed could not be kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was typed is kept now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What will be brought in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What will be done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What you enter in Findings ({review.findings}) stands in this report; {review.save_pdf} saves it. Sign locks the visit, with your name and the time; a change afterwards takes a reason. The tour never signs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What you read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What you see</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What your archive (PACS) calls colposcopy: exports as DICOM are written so.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>When</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>When {name} was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where a visit has neither histology nor reads: these always count before it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where help is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where readers differ most first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where the model is least sure first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Which results Today and the histology inbox call overdue, and letters with them. {source}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Which visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White</source>
        <comment>light</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White balance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White balance (K)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White light through a green filter, for looking</source>
        <translation>Lumière blanche à travers un filtre vert, pour regarder seulement</translation>
    </message>
    <message>
        <source>White light, {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White-light picture (internal number)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White-light pictures can be taken; each pair tries the lamp again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening after acetic acid, or back to the live picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening is followed by itself once the clock of acetic acid runs. Nothing was followed in this visit yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening is not recorded yet, and is tried again; the clock of acetic acid runs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening of place {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitening of place {number}, against normal tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whitens {onset}, most dL* {peak:.1f} at {at}, {faded}; {against}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Who</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Who is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Who is signed in, written beside your reads and signatures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Who signs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whoever can read the folder can read the pictures and all that is written beside them, names as well.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whoever can read the folder of this library can read its pictures and names. For research only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whole</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whole picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Whose %n picture(s): identifier</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Whose examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whose examination is it?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whose key it is was not checked: compare the fingerprint with the one that the library shows: {fingerprint}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whose visit is it?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whose: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why can it not be graded?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why it is moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why it is to answer all the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why the signed report is amended</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why, a word will do</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why: this goes on record for both</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Width (pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Will be brought in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Window</source>
        <comment>range of brightness</comment>
        <translation>Fenêtre</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenêtre</translation>
    </message>
    <message>
        <source>Wipe mucus or blood off the os, then retake.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With the visit before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Without an identifier it is not known whose they are, and they are left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Woman {code}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Women on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Words found and made black: %n box(es) in {pictures}.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Words in the line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words in the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words of the report, CIN 2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words that are found in pictures are made black.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Working out ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write a note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write your name to sign.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the PDF</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the video</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Written to {path}: the model and its card, nothing of any patient. Tell who gets it this fingerprint of the key that signed it, {way}: {fingerprint}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Written, WITH NAMES: {visits}, {files}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Written, under pseudonyms: {women}, {visits}, {pictures}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Written: {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>YES: allergic to iodine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Yes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You can go on working meanwhile. Stopped, it keeps what is done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You decided: {grade}, after AI. Another grade changes it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You decided: {grade}. Another grade changes it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You read it yourself: the label will say that one of those who differed decided</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You read: {grade}, after AI. Another grade changes it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You read: {grade}. Another grade changes it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your &amp;name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your first read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your impression in the end</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your own read first, then the AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your password is changed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your password, to sign</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your read is recorded as {unnamed}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom {zoom:.1f} x</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>[ and ], Ctrl+arrows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a DICOM photograph (VL Photographic, VL Endoscopic or Secondary Capture)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a PNG, JPEG, TIFF, BMP, WebP or HEIC picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a backup with --check puts it there anew, where the library has it whole</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a biopsy has a pin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a brace in the closing words is not closed: fields are {fields}, a brace itself is {opening} or {closing}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a case gives no number to learn from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a contour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a dark frame is made of {least} frames or more, not {frames}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a demonstration model trained on phantoms</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a device, not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a document, not a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a file of the system, not of an examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a frame of it is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a frame of it is no JPEG</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a frame of it is not of the size that it says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a frame of the camera came damaged: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a frame of {name} came damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a frame takes far more room than it would unpacked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a heatmap is drawn of one case at a time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a hidden file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a kept answer cannot be read ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a lamp goes back to white light by itself {seconds:.0f} seconds after the last command</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a lesion of this visit is drawn on the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a library of this program, not a folder of pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a library that is open for reading only is not repaired</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a library that is open read-only is not swept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a library was made in {path}, and then {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a line is longer than any line of an audit trail: the rest was not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a line of the manifest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a link that leads nowhere or in a circle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a link that leads out of the folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a link to what is looked at where it lies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a link, not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a little bright</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a little dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a little soft</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a manifest names white-light and fluorescence pictures; this model reads {sources}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a map needs frames over {least:g} seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a map to start from is 3 x 3 numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a map to start from makes the picture vanish</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a map to start from puts the middle at infinity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a model is being learned from this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a name in {where}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a name that ends in {suffix}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a name without an ending</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a network needs each of its sources once</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a number far too large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a number in it has too many digits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a pair needs at least one picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a pair stands in the task twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a part of it is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a part of it is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a part of this clip cannot be read: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a patient needs an identifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture is missing or was altered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture is smaller than {least} pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture is too narrow to be compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture must be rows x columns x 3 in 8 bits, not {size} {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture of the pair is not in the light of its camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture of the same second, whose file is missing or altered, is on record for another woman ({identifier})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture of the sequence is no longer in this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture of this pair is missing or damaged, or the library cannot be read now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a pipe, not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a plan has at most {most} steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a plan needs at least one step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a point of the scale lies outside of its picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a point to be mapped is not a finite number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a read says a grade, or why there is none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a reason has at most {most} characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a recovery key has {letters} in it, which none has</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a recovery key has {number} letters and digits, which none has</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a recovery key was shown on {day}, and nobody said that it is kept: if it is not on paper, make a new one in Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a region needs at least three corners</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a report as PDF holds names and cannot go into an export for research</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a report has no field {field}: there are {fields}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a report has no section {sections}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a report is amended for a reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a result is overdue after {least} to {most} days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a run was cut short</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a scale needs two points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a second read comes after the AI was revealed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a second read that departs from the AI needs a reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a sequence in it is broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a signature needs a printed name and what it means</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a socket, not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a structured report needs a picture, and findings or an answer about it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a task needs a name of at most {most} letters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a task needs pairs, and the search found none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a video could not be written to {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a video has many</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a video in a zip cannot be read there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a video of this kind has a name that ends with {ending}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a visit without an impression cannot be signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a worker process ended unexpectedly</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a zip under another name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a zip within a zip: unpack the outer one first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a {thing}, {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a {thing}: {problem}. Put it back from a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>abnormal cytology</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about 000 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about the os as found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {seconds:.0f} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {seconds:.0f} s after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>account</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>accounts are kept here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>acetic acid</source>
        <comment>stage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>acetic acid is on already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>acid</source>
        <comment>step of an examination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>acquisition</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>active</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add a picture to the visit, and read it first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add cases of more patients</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add cases of more women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add graded cases of more patients</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add one line a case below the header</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add pictures first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add the lesion in Findings first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add the other picture to this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add the user to the group video (sudo usermod -aG video USER), then sign in again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>add the visit to that patient, or correct the identifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adenocarcinoma</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adenocarcinoma in situ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Examination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Vagina</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adjudicated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adjudicated by one who differed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adjudicated by one who differed, after AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adjudicated, after AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>adjudicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>administrator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>after</source>
        <comment>a change</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>after acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>after acid, not timed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>after treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>against its own start</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>against normal tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>agrees with the AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>aligning ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>alike in all cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all</source>
        <comment>pairs read</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all four quadrants</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all hours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all margin: left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>allergies</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>allow it in the settings of the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>amber</source>
        <comment>light</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>amend the report first (Review, Report), or record what is new at a new visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>amendment</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an account is never removed: what it did stays its doing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an account needs a name of at most 100 letters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an account needs a role</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an allergy to iodine is on record of this woman: no picture after Lugol&apos;s iodine is taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an element in it has no length</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an element in it is longer than what is left of the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an element in it is of no known kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an examination has begun in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an export cannot lie inside the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an item in it is longer than what is left of the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {one} that opens the library is not the one that the database knows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {several} that open the library are not those that the database knows</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>an older key file was put back: {names} (has|have) no password in it and cannot sign in. Set (that|their) (password|passwords) anew (Settings, People); where nobody can, the recovery key lets an administrator in</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>an unexpected error; it is in the log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an unknown way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and</source>
        <comment>between two pictures</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and</source>
        <comment>between letters</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and {more} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>annotation</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>annotator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another key signed it ({fingerprint})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another part of this clip has that number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another pot of this visit is called {pot}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another program has {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another program has {port}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another program is writing to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another program uses {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another reader is still to read it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another reason</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>another woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>anterior</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>anterior</source>
        <comment>Vagina, where</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>anterior left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>anterior right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>antiplatelet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>any words of the line, or of what was there before or after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as 14 Mar 2026</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as far from it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask an administrator of the library to switch it on again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask an administrator of the library, or sign in as somebody who may</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask for 0 to {most}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask for the permission to read it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask its sender for it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask who keeps it for permission to open the folder, check its disk, or choose another library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ask whoever looks after this computer for the right to (on Linux mostly the group dialout)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>asking the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>assessment</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>assign it to a patient first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at most</source>
        <comment>so many pairs</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at the os</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at {clock}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at {clock}, no fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at {time}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>atypical vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>audit trail: its end is not line {last}, as the library notes: lines at the end were altered or removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>audit trail: line {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) is not what was written, or lines between it and line {last} were altered, removed or moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>audit trail: line {number} is not what was written: it cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>awaited</source>
        <comment>result</comment>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>awaited, %n day(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>back the library up, or repair it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>banded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>barrier</source>
        <comment>Contraception</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>before</source>
        <comment>a change</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>before acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>before treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>began {seconds:.0f} s after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>begin it in Capture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>begun</source>
        <comment>HPV vaccination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>being recorded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>being taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>biopsy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>biopsy {letter}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>biopsy {name}, {place}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>birth date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>blank them, or leave the picture out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bleeding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>blend, curtain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>blocked: iodine allergy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>blurred</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>born {birth_date}    ID {identifier}    visit {moment}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>born {born}, ID {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>born {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>born {day}   ID {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>both</source>
        <comment>Because of</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>both</source>
        <comment>sources</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>both sources</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>both visits have pins of the same letter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>boxes to blank were drawn for {count} pictures that are not in this export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring it as a PNG</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring that version back, or give this run up and begin another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring that version back, or learn again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring the backup of {snapshot} back with: pfm library restore {folder} NEW_FOLDER --at {snapshot}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring the file of a public FasterNet T0, T1 or T2 (fasternet_t*.in1k)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring the same weights as .safetensors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bring the weights as .safetensors, or import FasterNet weights with `pfm models import`</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>brush</source>
        <comment>Taken with</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>brush</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>by itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>by key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>by {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>calibration</source>
        <comment>part of the cases</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cameras by GenICam need a part that is not installed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cancer</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot</source>
        <comment>be graded</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be judged</source>
        <comment>Margins</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be read ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be read: left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be told</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>case {case} has no picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cases of another clinic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cases of this clinic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cervix</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cervix as drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cervix as found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cervix unsure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change its permissions or copy it to your own folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change one of them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change the plan of examinations</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>change visits, pictures and findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check</source>
        <comment>registration</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check its cable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check its cable or its network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check its name, its permissions and the disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check its permissions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check its permissions and those of the folders above it, or set PFM_HOME to a folder of yours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check its power and its cable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check length and points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check that its disk is connected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check that its disk or network share is connected, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check that the camera is on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check that the disk is connected and has free space, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check that the set came from this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check that you may write to that folder, then start again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the disk and its free space, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the disk and its permissions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the disk and the permissions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the disk or copy the file again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the disk, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the folder and its disk, or choose the other way of coding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the name and that its disk is connected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the name and the folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the network and the address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the network, and that the camera is on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the path in the address, user name and password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the permissions and the disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the permissions of the folder and whether the disk is read-only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the pictures and grades it learns from, then train again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the pictures, or fetch the model again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the pictures, start from another model, or train from nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the port of the address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check the trail, and look for the line in a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check, {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>check, {error}, by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose JPEG, PNG, TIFF, BMP, WebP, HEIC or DICOM pictures, or AVI or MKV videos (MJPG, FFV1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose MJPEG or H.264 in the settings of the camera, and check the path in the address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a backup of this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a camera from the list, or give an address such as rtsp://192.168.0.20/stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a file of at most {most} GB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a fluorescence picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder of its own for backups, best on another disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder outside of it for the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder somewhere else</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder that is empty or not there yet: nobody else may look into that of a library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder that is not there yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder that is not there yet; a library is never written over</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder that you may write to</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder that you may write to, on a disk with free space</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder that you may write to, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a folder with PNG or JPEG files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a multiple of {stride} up to {most}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a new or an empty one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a number from 0 to below 1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a picture file that you may read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a picture of at least {least} pixels a side, better 1000</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a picture of at least {smallest} pixels a side, better 1000</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a picture of at most {megapixels} megapixels and {most_frames} frames</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a picture of at most {most} megapixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a place on the cervix that the first frame shows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a recording or a folder of pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a smaller one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a value within</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a white-light picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose a whole number from {least} to {most}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose an AVI or MKV file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose an earlier moment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose an empty folder for backups</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose an impression first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose an offset in days other than 0</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another folder or a new version</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another folder; each library has its own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another impression instead: that is your second read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another model in Models first, to compare it with that</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another model in Models, or roll back on the computer where {before} is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another model, or leave that picture out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another name (on the command line with --name)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another name for the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another one in Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another task, or ask who made it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another task, or ask who made it to open it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another value</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose another woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose it in Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one in Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one in Findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one of the two</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one of this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one of those there are (the latest: {latest})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one of {splices}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one of {steps}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one of {variants}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one that it has</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one white-light and one fluorescence picture of one visit; say their stages first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose one, or switch the account off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the CSV file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the folder that holds library.sqlite, or a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the folder that holds {about} and the folder {snapshots}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the folder that holds {file}, or put it back from a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the impression again (Findings); after the reveal it is the second read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the picture itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the port of the lamp, or switch the lamp off and on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the right one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose the zip again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose white light, fluorescence, or white light + one other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose white, fluorescence or both</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose {kinds}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>choose {model} above and have it answer here, so that it is compared with that</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>class map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>class map on the scale of the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clear</source>
        <comment>Excision margins</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>click on the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clinician</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clinicians and administrators choose it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clip</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clips ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close it there and ask for permission to write to the folder and the file &apos;lock&apos; in it, and keep it on a disk that locks files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close it, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close other programs that show this camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close other programs to free memory, then start it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close other programs, then start it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close the corners of a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close the other program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close the other program and open the library again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close the other program or wait a moment, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close the other program, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>close the program, check that the disk or share is connected, and open the library again; put no backup in its place before it could be read and checked (pfm library verify)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>closed</source>
        <comment>task</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>coarse mosaic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>coarse punctation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cold-knife cone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>colour profile without a name converted to sRGB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>colour profile {name} converted to sRGB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>columnar epithelium (adenosis)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>columnar epithelium, ectopy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>compare and promote it in Fine-tune, in that library; one that is promoted is brought here there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>compare it with the printed one, group by group</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>compare them again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>compare them first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>complete</source>
        <comment>HPV vaccination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>completely visible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>condyloma</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>confirmed by hand; {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>confirming %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>confirming who she is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>congenital anomaly</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>congenital transformation zone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>connect the disk or put the folder back; or close the library and open it where it is now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>connect the disk, or open the library where it is now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>consequence of treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>contours of lesions and SCJ lines ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>contours of the lesion are drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy it again from where it came from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy its folder as it stands, and put the last backup beside it: pfm library restore BACKUP NEW_FOLDER</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy its folder as it stands, and {way_back}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy or download it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy or download the zip again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy or export it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy the library to a place that can be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy {keys} of the library to {file}, if it is still there, or the key file from another copy of this backup, and try again; without one nobody can open it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>correct it, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>correct the line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>correct the manifest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>correct these lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>correct these lines; stages are {stages}, sources {sources}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>could not make a library in {path}: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>could not move the demo library to {path}: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>could not write the copy {file}: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>could not write {folder}: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>could not write {path}: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cover the lens or switch the lamp off, then take it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>covered by blood, mucus or an instrument</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cryotherapy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cuffed crypt openings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>curette</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>current</source>
        <comment>Smoking</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cut short</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cut short after {read:.3g} s of {declared:.3g} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cyst</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dark frame</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>darken the room, look at lamp and filter, then take again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>database: line {number} of {table} refers to a line of {other} that is not there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>database: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>day of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>decide between reads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>decided</source>
        <comment>by who decides between readers</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>deciduosis in pregnancy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>decisions between readers are written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>delete that file yourself: whoever opens it can look at it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>delete that folder yourself: its files can be read by whoever opens it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>demo library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>demonstration model, trained on phantoms</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dense acetowhite epithelium</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>departs from the AI, no reason given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>depends on the other items</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>differs from the AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>differs from the AI, no reason given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>discussed</source>
        <comment>MDT meeting</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>discussed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>divide it into several zips</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>does not say what {key_file} says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>down</source>
        <comment>where to swing</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>drag along what you draw, or click its corners</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw along the junction, or click points along it and press Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw around the lesion, or click at least three corners</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw around the whole cervix in one stroke, within the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw class maps instead</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw it again: left, top, right, bottom in pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw it at the size of that picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw on the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw the cervix (C)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw the cervix (C; Shift+C: as found)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draw the lesion in white on black; it looks inverted, or like the picture itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>drawn on both pictures, measured on the white-light one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>drawn: {drawings}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dropout = {share} does not fit a network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>each backup holds it as {files}, and pfm library repair LIBRARY --from BACKUP puts it back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>each picture here has a number of its own: they may be a count</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>each says why.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>earlier epochs are kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>earlier picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>either {key_file} is not the one of this library, or library.sqlite is damaged: put both back from the same backup (pfm library restore), or choose another library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>empty</source>
        <comment>cell of a table</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>encrypted: unpack the zip with its password first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>end the recording first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ended without a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>endocervical sampling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>endometriosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>enter the clinic&apos;s number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>enter the clinic&apos;s number, or a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>epoch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>epoch {best:,} was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>epoch {epoch}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, loss {loss:.3f}, {speed:.0f} pairs/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, validation loss {loss:.3f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>eraser</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>erosion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>erosion (traumatic)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>error not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>error not known: 1 point only shifts the picture, so look whether the tissue fits or add points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>error not known: 2 points only shift, turn and scale, so look whether the tissue fits or add points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>error not known: 3 points always fit, so look whether the tissue fits or add points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>evaluate it with --sources {source}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>examination</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>examiner</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>excision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>excitation light may still be on: {problem}. It goes out by itself within {time:.0f} seconds, and no white-light picture is taken until then</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>exophytic lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>export it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>export it again as CSV (UTF-8)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>export it as an 8-bit RGB picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>export it where the library is open for writing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>export it with FFV1, as an MKV file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>export the pictures and the structured answer instead</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>exposure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>faded to half at {seconds:.0f} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>far away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>farther from it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fetch the model again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fetch the model again or choose another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fewer readers than asked for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fewer readers than asked for, after AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>file names are relative to the manifest&apos;s folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>file names are relative to the manifest&apos;s folder, those in a zip follow its name (a.zip/1.jpg)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fill in both</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>find cases of these sources, or learn a model that reads those of the cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>findings</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fine lines: {threshold:.2f} and above</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fine mosaic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fine punctation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>first of {pictures} pictures in the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence after acid</source>
        <comment>stage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence before acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence before acid</source>
        <comment>stage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fluorescence {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>focus</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>folded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>folds the picture flat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>follow up</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>follow-up after treatment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>follow-up of a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>for looking only: structures disagree, by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>former</source>
        <comment>Smoking</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fragile vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>frames a second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free</source>
        <comment>Margins</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free some space or choose a folder that you may write to, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free some space or choose another disk, then export it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free some space, then open it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free some space, then open the library again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free some space, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from</source>
        <comment>first word of the second line of the button: Change my impression from {grade} to {grade}</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from the beginning or before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from {at}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from {threshold:.2f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>gain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>gamma {gamma:.1f}</source>
        <translation>gamma {gamma:.1f}</translation>
    </message>
    <message>
        <source>give 0 or more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give 0 to 1800, or nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give H x W x 3 uint8 RGB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give a batch of one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give both or neither</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give each output a file of its own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give it another name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give one of them beside white light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give one such as rtsp://192.168.0.20/stream or http://192.168.0.20/video.mjpg</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give seconds since acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give the length in millimetres, as 10</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give the pictures that it was trained on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give the report another name, or move the file away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give the white-light picture as well, or give it as white light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give two numbers with a decimal point, such as 12.5,30</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give your own read; where readers differ somebody decides between them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>given name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>go back to Today and open it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>go back to Today and open the visit again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>goes out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>good</source>
        <comment>quality</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>grade pairs of more women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>grade the pairs of more women, or enter their histology</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>grades are {grades}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>green</source>
        <comment>step of an examination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>green</source>
        <comment>light</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>green</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>green</source>
        <comment>stage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>green filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>green-filter picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>grey</source>
        <comment>light</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>greyscale: one channel copied to three</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>half of it at {at}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has bars of a flickering lamp</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has been done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has colours that are not read ({colours})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has even areas as on a screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has no password yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has too much glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>has {stored} of {allocated} bits in a form that is not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>have a model answer that has not (Models), or add women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>have a model answer that reads the same (Models), then compare again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>have it sent or exported as uncompressed DICOM, or as PNG or JPEG</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>have the pair answered again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>heatmap</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>heparin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>her allergies are on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>her identifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>her visit is signed: nothing is added to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>her visit of {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>hidden</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>high</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>high (HSIL, CIN2-3)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>high risk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>histology</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>histology</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>histology {diagnosis}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>holds black and white only (single bit), not a photograph</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>holds subsampled colours without a packing, which are not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>hormonal</source>
        <comment>Contraception</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>hour not known: the os is not marked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>how it was taken is on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>how specimens were taken, and those without a pin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>identical</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>identifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>identity corrected since</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>if it was encrypted, put {key_file} back: {how}. Else {remedy}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>if its folder was moved or renamed, open it where it is now; else check that its disk or network share is connected and may be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>if the library is there, copy its {keys} to {file} and try again; else look for another copy of this folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>if the os is where the program found it ({key} on the stage marks it there)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>import it with --variant {variant}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in a worker process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in quarantine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in quarantine: not better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in the library as {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in the library, without a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in the middle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in the way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in use by {holder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in use, cannot answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in {seconds} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in {seconds} s, hold still</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Examination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Vagina</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inadequate, no diagnosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>indeterminate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>indeterminate (likeliest {grade} {share:.2f})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inflammation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inner border sign</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>input size {size} does not fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inside the TZ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>install it: pip install &quot;pfm-desktop[genicam]&quot;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>install the program again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>install the software of the camera&apos;s maker; {paths} names the folder of its .cti file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>intermediate</source>
        <comment>Swede score</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>intrauterine device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>invalid</source>
        <comment>HPV, high risk</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Excision margins</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Margins</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>iodine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>irregular surface</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>irregular, geographic border</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is a JPEG 2000 of more than {megapixels} megapixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or colours that are not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or subsampled colours that are not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is a JPEG-LS with bits or colours that are not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is a deflated DICOM file, which is never unpacked: what comes out has no bounds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is a video, which is not read from DICOM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is black and white</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is damaged</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is damaged or cut short</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is empty</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is far too long for a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is missing</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is no DICOM file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is no map of pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is no photograph but {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is obstructed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is out of focus</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is overexposed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is packed as a kind of JPEG that is not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is packed in a way that is not read ({syntax})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is projective, not affine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is that of another library</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is the directory of a disc (DICOMDIR), not a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is too dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is too noisy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is too small</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is unusable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>is unusable ({problem})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>issuer {issuer}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it can be changed as it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it cannot be decoded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it cannot be looked at: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it cannot be opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it cannot be put on record that you see it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it did not come to an end</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it does not hold exactly a model, its card and a signature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it does not say how many frames a second has</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it ends in the middle of an element</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it goes on as before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has changed since it was looked at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has no label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has no picture that can go out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has not the frames that are on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it holds fewer pictures than before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it holds more elements than any picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it holds more than was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it holds no pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is being opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is cut into more tiles than any picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is cut more finely than any picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is damaged, or no model file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is drawn over another picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is empty (zero bytes)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is in this visit already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is in {visit} already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew, as {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is in {visit} too, as a copy without its moment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is in {visit} too, as {stage}, as a copy without its moment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is no part of a clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is no picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is no template of a report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is not on record when acetic acid was applied</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is not shown, and nothing was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is of another version of the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is on record for another woman ({identifier})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is too bright</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is too large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is too large ({size:.1f} GB)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is unchanged, and nothing was brought in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is whole and empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it may be a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it may not be read: permission denied</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it says nothing about any of {pairs:,} pairs ({reason})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it says to be {width} x {height} pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it stands beside a woman&apos;s number or a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it stands in the report alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it stays open for reading, and nothing was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was exported from here: it is in {visit} already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was given twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was left out, or is not among the pictures that were looked at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was made by a newer version of the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was not opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was not opened and nothing was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was not revealed in this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was refused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it would have to go on record that you see it, and {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its DICOM file says that words are drawn into it, and nobody has covered them: draw a box over them, or a margin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its EXIF data is damaged and was not used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its clock goes on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its content is not what was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its database is older than its key file, as where a backup was brought back: ask an administrator of the library to make the account anew (Settings, People)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its description is no text that can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its elements are out of order, or one is there twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its file was missing or altered in the library, and was put back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its first bytes are not those of a database; if it was encrypted, {key_file} is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its folder is {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its frames are out of order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its frames cannot be told apart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its frames would be {width:.0f} x {height:.0f} pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its head does not say how it is written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its head is longer than the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its header is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its length is not what its header says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its list of frames is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its lock may not be opened ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its name is not that of a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its name leads out of the zip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its name stands in the zip twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels are cut short</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels are missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG 2000</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels are of another size or colour than its head says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels come in more scans than any picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its packed pixels end too early</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its pictures could not be registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its pixels are not as many as its head says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its record and everything else is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its sections cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its sequences are more than {deepest} deep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its signature cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its signature does not fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its size is not the one that it says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its stage is not known: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its stage is only a guess: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its white-light picture is one with acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its woman looks like one on another side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kappa</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kappa not defined (all one grade), {pairs}; {shares}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kappa {kappa:.2f} ({interval})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: all alike, which gives no interval</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: too few women for an interval; {shares}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>keep one of the two lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>keep one of them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>keep the old one, or give the reason why the new one is to answer all the same, in a few words ({letters} letters or more)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>key file and copy differ: a password or the recovery key was being changed, or an older file was put back; what was before and what is new open the library, and pfm library repair keeps the newer one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kind not told</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>knife</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>known models: {models}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>known models: {models}; for a folder here write ./{name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>label pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>larger than the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>larger than the cervix as found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>laser</source>
        <comment>Taken with</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>laser ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>laser excision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>late: was due {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lateral left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lateral right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learn from a library, or take a model that reads white light + fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learn from pairs of these sources</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learn it again, or ask who made it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learn it again, with another name and other words for what it was trained on, also if they do not mean her</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learn under another name, or move that one out of {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learned</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learning now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learning part</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>learning run</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave her on record, and write in her visit what is wrong with it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it as it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it on record, and write in the findings what is wrong with it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it out or correct it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it out, and look at its pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it out, or give another</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it to another reader; you may decide between them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave it, or take the reads back in Annotate first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leave this step out, or give a reason for using iodine all the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>leaving out %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>left</source>
        <comment>side of the patient</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>left</source>
        <comment>where to swing</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>left out by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>left to the camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion {label}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>let the name end in .png</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>let the name end in {endings}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leukoplakia</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>leukoplakia (keratosis)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>light changed while it was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>like 14 Mar 1988</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>like 14 Mar 2026</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>like 2026-03-14 10:15, or the day alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>like HPV positive</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>likeliest: {grade} {share:.2f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>likely</source>
        <comment>how sure</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>limited</source>
        <comment>quality</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {line}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {line} (patient {patient}, {picture})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {line}: {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {line}: {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {line}: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {number} of the audit trail cannot be read: it is not what was written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is not what was written, or lines before it were altered, removed or moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is out of order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {number} of the file is not a line of an audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lines {first} and {second} name the same file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>little glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>little overlap</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>living with HIV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>load the pair again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>local cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>local model, trained on {data}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>local model, trained on {data}, from {origin}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at `status` first, or place points by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at each picture, blank what names somebody, and say so (--pixels-looked-at)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at each picture, blank what names the patient, and say so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at its cable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at its power and its cable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at lamp and filters, then take again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the camera, then take again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the camera, then take it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the camera, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the first one: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the fluorescence camera, then take again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the pictures one by one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the present state and repeat the step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look at the white-light camera, then take again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`; give at least {count} characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look the path up in the manual of the camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look what is wrong with it (pfm library verify), and bring back a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look whether the library&apos;s disk is there and has room, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>look whether the two cameras are swapped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>looks like one of the other light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loop</source>
        <comment>Taken with</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loss (lower is better)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loupe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>low</source>
        <comment>Swede score</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>low</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>low (LSIL, CIN1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>low risk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lower two thirds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lugol</source>
        <comment>step of an examination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lugol</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lugol</source>
        <comment>stage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>macro recall</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>made by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>made to hold the true grade in {hits:.0f} of 100 such cases, on {data}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>majority</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>majority, after AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make a new one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make a task in random order, or choose another model in Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make an encrypted library for real pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make and change accounts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make and close tasks for readers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make somebody else an administrator first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make the plan again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>make the report again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>making of a pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>manifest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>map of whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mark a longer part, as 10 mm of a ruler</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mark both ends of a known length</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mark it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mark the os (O)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mark the os (O; Shift+O: as found)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>marks lie between 0 and {longest:g} seconds after acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>may show no cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>metaplasia: crypt openings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>metaplasia: nabothian cysts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>missed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>missing file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>model.toml is as it was brought here on {day}, without a seal: nobody can say what was altered before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>model.toml is as it was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>models and answers are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>more contrast</source>
        <translation>plus de contraste</translation>
    </message>
    <message>
        <source>more than 8 weeks: was due {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>more than {count} years ago: it may be a birth date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>most (L* {peak:+.1f}) at {seconds:.0f} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>most whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>move closer</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>move of %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>move {ways}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>much glare: tilt the light or dab the surface dry</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mucus or blood over the os</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name a file in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name a file that was exported</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name a folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name a new folder, such as {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name a white-light picture, a fluorescence picture, or both</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name another folder with --prepared, or delete this one to have it made again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name at least one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name of the patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name one picture file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name one picture file in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name one video file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name the CSV file in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>names a day on which a woman of this library was seen or born ({found})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is a name of hers)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is an identifier of hers)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>names say two numbers: {numbers}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nearer to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, is on record for another woman ({identifier})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, stands under another woman too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>necrosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>negative</source>
        <comment>HPV, high risk</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>negative</source>
        <comment>p16</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>neither the picture, nor a name, nor the file&apos;s time says it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>never</source>
        <comment>Smoking</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>new in this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no</source>
        <comment>Pregnant</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no</source>
        <comment>Hysterectomy</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no AI answer in this report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no answer is shown or kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no answer was given: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no backup was made: the database of the library {path}, or the disk of the backup, is damaged ({wrong})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no bands are called {key!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no board of squares is seen in this picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no case of the locked test has a label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no cervix is seen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no cervix is seen: bring it into view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no colour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no dark frame was taken: of {wanted} frames {found} came (the camera is {state})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no dark frame was taken: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no examination was begun in this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no figures were written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no fluorescence picture was taken: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no frame of it can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no frame of this clip can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no interval</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no label, and no impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no lesion {answer} is documented</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no map is shown or kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no model in {folder}: {file} is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no model was written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no model was written, and the epochs before are kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no name of a folder or file says it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no name says it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no name says the stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pair has a picture of the second source: pair them in Review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pair is in front.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pair is {sources}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pair of pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pair was taken: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no password was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time (the camera is {state})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture in white light came from the camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture in white light came in time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture in white light came in time (the camera is {state})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture of it says when it was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture shows anything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no picture was given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pot any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no pot, no result awaited</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no producer for GenICam is installed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no read can be kept, this library is open for reading only: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no read can be kept: this task is closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no read can be kept: your account may not do this in this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no read can be kept: {reader} opened this task, and {who} is the reader now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no reason is on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no reliable match</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no report was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no report was made, and what was signed is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no report was written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no result will come</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no task was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no training was begun</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no two pictures were put together as a pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no visit was found to export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no visit was named</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no woman is left for {part}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>no, %n (woman|women) missing</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>nobody has said it yet: the files call her Unassigned, and after she is known they are other ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody has said who its woman is: assign its visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody has said who the woman is: assign the visit to a patient first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody has said who this woman is either</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody has said whose these visits are: they are not compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody in this library is called {pseudonym!r} in an export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody is signed in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody named</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nobody said that the pictures were looked at for names drawn into them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>noisy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>non-stained</source>
        <comment>Lugol&apos;s iodine</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>Acetowhite</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>Excision</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier treatment</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier colposcopy</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>Anticoagulants</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>Contraception</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>HPV vaccination</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>no keys</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>whitening</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>no models</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>readers differ</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>result</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>impression</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <comment>pictures</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none from {first:.0f} s up to {last} after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none needed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none of the cases can be used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none of the {cases} cases can be used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none of these visits has a picture that can go out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none up to {last} after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none was taken</source>
        <comment>epoch</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none: taken at random</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>normal</source>
        <comment>grade</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>normal or CIN1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>normal or benign</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not a lesion outline, no guide for biopsies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not aligned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not aligned: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not assessed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not better</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not brought back: {problem}. Its record is there. Look for the picture in another backup and put it back with pfm library repair NEW_FOLDER --from OTHER_BACKUP; the library, where it is still there, puts it into {folder} with pfm library backup --check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not calibrated: no mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not checked</source>
        <comment>how far a picture is from what the model learned from</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not done</source>
        <comment>Cytology (Bethesda)</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not done</source>
        <comment>HPV, high risk</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not done</source>
        <comment>p16</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not due</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not faded to half by {last}, the last frame</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not faded to half so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not given</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not in the
library yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not in this light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not kept: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not known to this model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not known whose</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not named</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not needed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not now: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not now: {work}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not on disk yet: {trouble}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not on the stage now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not read yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not registered: {cause}. Give the white-light and the fluorescence picture of one visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not registered: {cause}. Points can be placed by hand in the window, pfm-desktop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not registered: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not said</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not scored</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not seen by the model (not zero)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not suppressed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not timed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not typed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not visible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>note, quality or region of pairs without a grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing answers at {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing at opacity 0 %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing came</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing from {threshold:.2f} (most {most:.2f})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing in it was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing in it was run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is asked of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is called {key!r} in this form</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is not a time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is said of its pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is said of this visit yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing of it was read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing on record was removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was added</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was begun, and the model in use stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was brought in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed, and all that was accepted before is where the folder is now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed, and it is not known to be damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed, and its other parts are there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed, and no reads were shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed, and nothing is lost</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed: it could pass for another name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed; its keys are the right ones, and the pictures stand in the folder &apos;pictures&apos;, encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed; the database and the pictures are there, encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed; the pictures and the database are still there, encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder &apos;pictures&apos;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder &apos;pictures&apos;, encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was changed; {key_file} is the right one, as its keys open the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was copied</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was exported; the record says that it was begun and not completed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was loaded from them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was opened and nothing was changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was signed, and the audit trail is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was trained</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was written, and the model in use stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was written, and what you read before stays as it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>now, by key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>now: {indication}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>obstructed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>odd shape</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of the clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of the laboratory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of the meeting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>off centre</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ok</source>
        <comment>registration</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>old and new model have not been compared on the locked test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>old and new model were compared by an older version of this program, which looked at less</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on another way than the file itself: by telephone, or in a letter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on the other picture, and the pair is not registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on the stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on {source}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on {source}, {stage}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one of its pictures stands in another visit as well</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one picture stands twice: {first} and {second}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one point is no line: nothing was drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one to one, fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one to {most} people read each pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only a description in the file&apos;s own record says it, perhaps of the whole examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only its colours say it: those of fluorescence or of a green filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only its colours say it: those of white light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only pictures after acetic acid have a mark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only the file&apos;s time says it, which copying may have changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only the first of {count} pictures in the file is read: save the others as files of their own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only the lower 12 of its 16 bits are used, so it looks dark: export it as 8-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>only this says that she is {name}, who has %n picture(s) here</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>only {where} could say it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>opaque alpha channel left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open</source>
        <comment>not folded</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open</source>
        <comment>state of a visit</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it again, then decide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it from the list again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it where it can be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it where it can be written, then export again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open it, or choose another folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the list again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the task again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the task again, and go on from there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the visit again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the visit and clear them first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the visit and take them away first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open the visit from the list again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>opening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>or</source>
        <comment>between two shortcuts</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>origin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>os</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>os</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>os covered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>os mark</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>os not marked, so no clock hour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>os? ({key})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other</source>
        <comment>Inadequate for</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other</source>
        <comment>Indication</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other</source>
        <comment>Earlier treatment</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other</source>
        <comment>Anticoagulants</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other</source>
        <comment>Contraception</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other folders or studies say the same, which may be other women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other high risk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other specimen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>out of focus</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>outline without its white-light picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>outside the TZ</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>overdue after %n day(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>overdue, %n day(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>overexposed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>packed in a way that is not read: unpack the zip first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>page {page} of {pages}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pair</source>
        <comment>of pictures</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pair</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pairs, drawn at random</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>palette converted to RGB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pan</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>part of a clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>part of a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>partially visible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>parting of a pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>patient</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>per pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>perhaps in use by another user of this computer: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>perimenopausal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pfm library verify {path} says whether the library is. If so, copy its folder as it stands, and {way_back}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pfm-demo is a demonstration model, trained on phantoms. {models.learn} makes one of your own labels, on this computer, and it answers only once you promote it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pfm_desktop, library {library}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pfm_desktop: second screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>phantoms</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>photograph the scale flat, square to the view and in focus, or mark two points on it by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>picture</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>picture after Lugol&apos;s iodine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>picture {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>picture {number} of the sequence cannot be shown: {message}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pictures and library are not touched</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pictures move from one visit to another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pictures or answer do not belong to this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pin</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pin</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pin {letter}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pin {name}, no pot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pins stand on its pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>place one spot in both pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>place the missing partner</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan</source>
        <comment>of a visit</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>play it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plug it in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plug it in again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plug it in, and check its cable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plug it in, and open it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plug it in, close other programs that show it, and allow desktop programs to use the camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plug it in, or choose another port</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>points file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>points must come in pairs, one in each picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>polyp</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>polyp, ectocervical</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>polyp, endocervical</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>positive</source>
        <comment>HPV, high risk</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>positive</source>
        <comment>p16</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>positive VIA</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>postcoital or other bleeding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>posterior</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>posterior</source>
        <comment>Vagina, where</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>posterior left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>posterior right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>postmenopausal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pot {pot}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pregnant: {answer}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>premenopausal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>prepare the pictures again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>prepare them again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>present</source>
        <comment>Acetowhite</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>press its own button now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>pressure</source>
        <comment>Haemostasis</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>promoted, but {model} answers here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>promoted: it answers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>punch forceps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put back a backup of library.sqlite, or choose another library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put its file back from a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put its parts back from a backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put on the list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put the file back from a backup, or add the picture again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put the filter in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put user name and password into the address: http://user:password@...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put {file} back from a backup, or choose another folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put {key_file} back from a backup of this library: {how}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>put {key_file} back: {how}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>quality</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>quality {quality}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rapid acetowhitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read the picture again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>readers differ, and nobody has decided between them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>readers say that it cannot be graded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reads for labels and decisions between readers are written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reads for labels are written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reads {reads}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reason: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>record a second read instead</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>recording ended by an error of the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>recording ended: {why}; {kept}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>records: the {kind} {name} is missing: line {line} of the audit trail is the last about it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not in the audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not what the audit trail says (line {line} is the last about it): {fields}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>records: the {kind} {name} was removed (line {line} of the audit trail), and is there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>records: those of the kind {kind} cannot be read: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>records: {count} more are not what the audit trail says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>red</source>
        <comment>light</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>referral</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>refused</source>
        <comment>registration</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>region</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>register the pair again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>register the pair again, or place points by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registered: {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registered: {status}, estimated error {error:.1f} px</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registering ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registering needs both pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registration</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registration uncertain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove her in the list, with them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove it in the list of visits, with that</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove it in the visit, with that</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove or rename the folder {folder}: then {name} {version} answers, which came with the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the contours first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the contours first, and draw them where the picture belongs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the drawing first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the os mark first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the pair first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the picture here instead</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the pins first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove the pins on one side first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove what was measured first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rename the folder, or choose another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>replaced</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>replaced by a later one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>report as PDF</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>restore the library from a backup (pfm library restore)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>result</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>results pot by pot and the follow-up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>retake or replace the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>retake the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reveal the AI answer first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ridge sign</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>right</source>
        <comment>side of the patient</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>right</source>
        <comment>where to swing</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>roll back where it answers, or choose a model in Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rolled back</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rolled back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>running</source>
        <comment>state of a run</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>s after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>said</source>
        <comment>how sure</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>saline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>saline</source>
        <comment>stage</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>same grade as the AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>save it with commas</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>save its pictures as files of their own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>save single pictures of the examination, or the video as AVI or MKV with MJPG or FFV1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>say first whose this visit is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>say it in one line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>say which</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>scar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>scj</source>
        <comment>tool</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>screenshot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>search for something else</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>seconds after acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>seconds after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>seconds after acid ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>seconds after acid, if known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>see names, findings and histology</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>seems to lie on its side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>semicolons (;)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sent</source>
        <comment>letter</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>set a pin where it is taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>set by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>set it at the camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>set it by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>set its PixelFormat to RGB8 or BayerRG8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>several names</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sharp</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sharp border</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>she has a pseudonym in exports for research, and it must stay known whose it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shorten it in the patient&apos;s record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shows mucus or blood over the os</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shows no cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shows nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shows the cervix from too far away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shows the os far from its middle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sign in with your name and password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sign out, and let who signs sign in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sign visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>signed</source>
        <comment>a visit</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a report</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a visit</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>signed impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>signed report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>signs by IFCPC 2011 and scores of each lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>silver nitrate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>site choice</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>some glare: tilt the light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>some of it is brighter than the rest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>somebody has graded its pair for labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Taken with</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Haemostasis</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>something else is being written to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>something is drawn on the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>something is on record of the follow-up of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>something was found in the examination of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>specificity for HSIL+ as graded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>specimen</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>spoken</source>
        <comment>Consent</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>spread them over the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>squamous cell carcinoma</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>squamous epithelium, atrophic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>squamous epithelium, mature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>stage of %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>stained</source>
        <comment>Lugol&apos;s iodine</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stalled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>start it again to see it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>start its clock in Capture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>start the clock anew only where acid was applied once more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>starts the clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stay on the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stayed white</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stenosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>sterilisation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>structured report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>structured report and registration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>structures disagree</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>structures not compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>subtotal</source>
        <comment>Hysterectomy</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>such as 14 Mar 1985 or 1985-03-14</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>supports treatment at the first visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>suppressed otherwise</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>suspicious cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>switch it off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>switch it off and on, try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>switched off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tabs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take a dark frame at these settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take a white-light picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take back her visits first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take it away first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take its result back first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take pictures and records out of the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take the pair again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take those results back first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>take {count} letters or more; four words that do not belong together are good, and easy to keep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>taken after a picture with acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>taken at ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>taken at: not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>taken {apart:.0f} s apart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>taken {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>taking %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>taking in %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>task</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>that is before {year}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>that is still to come</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>the %n points that were placed were not applied and are gone</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>the AI answer about its pair was revealed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the AI answer alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the AI answer of this visit was revealed before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the AI answer stays hidden until there is a first read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the AI is indeterminate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the Reid index has no item {key!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the SCJ line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the Swede score has no item {key!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the account {name} was switched off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer that was revealed is not kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the audit trail was not exported: this library is open for reading only, and an export must go on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the backup is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the backup is unchanged, and no library was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the backup is unchanged; its snapshots and pictures are there, encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the backup {folder} is being written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is after the visit of {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is after the visit of {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the board lies aslant: its squares differ by {spread:.0%}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the box {left}, {top}, {right}, {bottom} covers nothing of its picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the camera could not be set for fluorescence: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the camera does not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the camera failed in a way that nobody foresaw ({kind})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the camera gives only damaged pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the camera is not open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the camera sends {coding}, which is not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the card is as it was</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({reason})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the clinic&apos;s number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the clock of acetic acid does not run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the closing words of a report have at most {most} characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the contour would enclose nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the corner leaves the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the dark frame is {width} x {height} pixels, the picture {its_width} x {its_height}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the dark frame was taken with {setting} {value}, the picture with {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the database could not be completed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the database of the library {library} cannot be opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the database of the library {library} does not open with its keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the database of the library {library} is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the database that was to be copied is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the dates would not be moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the day on which a clock begins anew when its battery was empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the demo library is being made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the device at {name} takes no connection there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk did not take its end in time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk does not lock files ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk that holds it is full</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk that holds {library} is full</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk that the video is written to is full</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the earlier picture shows no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the end of the recording was not kept: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the engine refuses its pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the features of {source} are no numbers, or not those that the model was measured with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file does not end with its signature: the end was cut off, or something was added to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file ends after its first line: the rest was cut off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file has format version {theirs}, this program knows {ours}: update it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file holds {lines} lines of the trail, and {written} were written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file says that the picture was made from another one; it may be drawn over</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file says that words are drawn into the picture; they may name the patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file was signed with another key: its fingerprint is {fingerprint}, and not {expected}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file&apos;s name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file&apos;s name {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file&apos;s own record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file&apos;s own record says so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file&apos;s own record says the day only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the findings are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first line does not say that this is an export of an audit trail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first line holds no public key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first line is not what an export of an audit trail begins with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first line must be {columns} (more columns do no harm)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first or the last line is not the one that the first line of the file names</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first picture shows no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first read is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the fluorescence picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the fluorescence picture shows no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder cannot be looked into: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder cannot be written: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder holds more than {count:,} files: give its parts one by one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder is not there any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder {folder} is not empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the frame is of another size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the frames do not show this normal tissue without glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the frames do not show this place without glare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the frames for a dark frame are not of one size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the head of {file} cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the heading of a report have at most {most} characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the identifier of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}, on record as {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record for {name}, and folder or file say {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s) and without the {missing} said here</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s), and {names} within it may be another woman</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another birth date than {birth}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another name or birth date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the identifier {identifier} is said to be {name}&apos;s, and folder or file say {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the kept plan cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}), and no other in {folder} is whole</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): pfm library restore brings it back with that of another one, with the names and passwords of that day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): that of {other} is used, which opens it as well, with the names and passwords of that day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the key file {file} is missing or damaged: without it nobody can open this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the key that signs exports of the audit trail is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the kind of DICOM was not changed: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>the labels of %n case(s) of the locked test have changed since the models were compared</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>the laboratory has answered on biopsies of its pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the laboratory has answered on it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the lamp on {port}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the lamp said white light, and the picture looks like fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the lamp says fluorescence, and the picture looks like white light, or like both at once</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the lamp {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the last administrator of a library cannot be taken away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the learned model {model} is missing or altered in the backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the learned model {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the learned model {name} is missing or altered ({folder})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library and the backups before are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library in {path} could not be opened for writing: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library is no longer at {library}: its folder was moved or renamed, or its disk is gone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library is no longer at {path}: its folder or the file &apos;lock&apos; in it was moved, renamed or removed while it was open, or its disk is gone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library is open for reading only: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library is unchanged and was not brought up to date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library is unchanged, and no encrypted one was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library refused a change that would leave records without what they refer to ({problem})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library still cannot be written: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} cannot be read: its disk or network share answers with an error ({problem})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} could not be read or written ({problem})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} could not be used: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} is busy: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} is encrypted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} may not be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {library} was made by a newer version of this program (library version {version}, this program knows {known})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} is closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} is encrypted, and {key_file} and {copy} are missing: without one nobody can open it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} is of an older version and cannot be brought up to date: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} is open for reading only: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} is perhaps in use by another user of this computer or on another one: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, and {reason}: it cannot be brought in order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, or is in use elsewhere, and its folder cannot be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the light is off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the line leaves the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the manifest says so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the manifest says the source only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the map of whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the margin to blank covers all of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the margin to blank is less than 0 pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the mark lies outside the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the marks must come in the order of their seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model asks for {names}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model cannot be asked: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model could not be copied to {out}: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model does not read its sources</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model in use stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model is not the one that the run has made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are white light + {second}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are {others}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model itself is written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model to start from is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model was not changed: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model was trained for pictures that this program does not know: {source}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {model} that was learned here is missing or altered: it is not backed up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {model} was not brought back: it is not in the backup, or altered there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} does not read {sources}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} has variant {variant}, not {wanted}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} holds imported trunks only and was never trained to grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} reads {sources}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} reads {sources} only, not {others}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} {version} gives an answer that is no number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model {name} {version} gives answers that are no numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the model&apos;s heatmaps are drawn by {method}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name has signs that cannot be seen, or letters of two alphabets in one word</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name in {name} is not known in this network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name of a file to write is empty or this folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name of the folder {folder} is not written in UTF-8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name or the password is wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name {name} says so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name {name} says the day only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the network gives a heatmap that is no number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the network is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the network table is damaged ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the new model is not promoted: {reasons}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the new password is set; roles, and who may sign in, are as before</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>the newest %n line(s); scroll down for older ones</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>the newest {shown:,} visits; scroll down or search to find older ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the only case cannot be used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the only two of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the os is marked on its pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the other visit has this picture already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the overlap mask is {mask_width} x {mask_height}, the picture {width} x {height}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the packing of its pixels is broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pair is not registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pair is not registered: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pair is on the stage as before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pair is registered as it was before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pair lacks one source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the parts of this clip are not those that were on record when it was closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the password of {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture belongs to a pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture does not belong to this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture file {name}... is missing from {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture file {path} cannot be read: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its hash</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture has no pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture is as it was</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture of {day} cannot be shown: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture says so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture says so; its zone is taken for that of this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the picture {name} says {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures are refused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures could not be registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures could not be shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures do not show the same structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures on the stage do not belong to this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures shown are not those that were signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures that you gave are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures were not added: another visit was opened before the files were read. Add them again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pictures were prepared at {size} pixels, {name} reads {wanted}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pixels ({shape}, {kind}) are not those of a picture of {width} x {height}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the plan before still counts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the point that was placed was not applied and is gone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the points do not fit each other well: look whether the tissue fits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the points fold the picture: one of them may lie wrong, so look whether the tissue fits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the points lie on top of each other or on one line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the program ended without closing this library, and {harm}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the program itself is damaged: install it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pseudonym holds part of the patient&apos;s name or identifier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the pseudonym is empty, too long or holds signs that DICOM does not</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the read before is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the read is as before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the reads before are kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the recovery key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the recovery key has a letter or digit wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the referral card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the registration is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the registration may not be sent: {cause}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the registration may not be used: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the registration {how}, which DICOM&apos;s Spatial Registration cannot hold</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the report font is missing or damaged in {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the result is as before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the run cannot be told: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the same picture stands under another woman too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the same picture twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the same picture was given twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the same picture, saved anew, is on record for another woman ({identifier})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the secret of the export is shorter than {fewest} bytes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the share of prediction sets that hold the label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the share that is read again lies between 0 and 1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the signature does not fit: the file is not what was signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the signed findings are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the simulated camera has no {control}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the size of its frames cannot be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the size of the prediction sets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the snapshot {snapshot} cannot be checked: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the snapshot {snapshot} is damaged ({wrong}): bring back another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the snapshot {snapshot} of the backup {folder} is damaged ({wrong})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the source of one is only a guess</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the step {step} stands in it twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the stored registration cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the structures do not agree where the points put them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the structures fit only in part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the time of a frame is no number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the time to the lock was not changed: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the token width must be a multiple of the number of heads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the top</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the training failed: in {where} its loss was no number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the trunks of {name} do not fit: only one of the two networks is built with PConv</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the two pictures could not be put on each other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the two pictures differ in size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the two pictures do not belong together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the two pictures look swapped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the two pictures of case {case} differ in size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the two points are only {apart:.0f} pixels apart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the validation after epoch {epoch}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the video cannot be written: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the video could not be written whole: {found} of {shown} frames can be read again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the visit and all that is in it are kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the visit is not signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights are as before this step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights do not fit the network: {weight} and {more} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights of {name} are missing ({weights})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights of {name} cannot be read ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights of {name} hold values that are no numbers ({key})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights {name} do not fit the network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} (hash {found}, {file} says {told})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} ({size} bytes, its network has {most} at most)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the white-light picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the white-light picture is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the white-light picture shows no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the worker ended unexpectedly (exit code {code})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the zip unpacks to more than {limit} GB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the {control} of a recording cannot be set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the {control} of this camera goes from {low:g} to {high:g}, not to {value:g}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the {name} picture is no array but {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the {name} picture is {dtype} of shape {shape}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the {source} picture: {problems}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>their names differ in source and stage only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are clips in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are curves of whitening in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are drawings in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are findings in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are lesions in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are more cases than the memory holds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are no frames to look at yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are no pseudo-terminals on this system, so that a lamp cannot be simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are no two pictures to play</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are no two pictures to play: {reasons}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are pairs in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are pictures in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are reports that were signed in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are specimens in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there are visits of this woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is a list of {count} numbers in {where}, as one for each case would be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is a picture in {where}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is a referral card of the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is a result of histology in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is already a model in {out}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is already a model {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is already another model {model} on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is an account {name} already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is an unknown file in it, {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no case that can be used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no copy {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no earlier backup in {folder}: look for one elsewhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no file {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no file {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no folder {library}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no folder {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no frame in this clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no grade of rank {rank}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no lamp on {port}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no model {name!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no pair of points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no snapshot in it: no backup was completed here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no step {step!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no such kind of camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no such kind of camera: {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is not enough free memory for this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is nothing in these visits that can be exported</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is nothing to focus on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is something behind the weights in {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is something between the weights in {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>thermal ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>these are no pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>these pictures are no pair: one of white light, and one of fluorescence, through the green filter or after Lugol&apos;s iodine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>these two pictures are not of the same woman: they are not compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>they are unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>they stand in the report alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>they stay in the histology inbox</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>thin acetowhite epithelium</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this assessment is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this camera does not let its {control} be set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this camera does not set its {control} by itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip has no frame {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip is being recorded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip is closed: nothing is added to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip is longer than the {hours:.0f} hours that a video may have</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip is not of the visit that is open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this clip is too long for an AVI file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this contour is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this curve of whitening has values that are no numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this curve of whitening is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this device gives no fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this device takes its pairs itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this device takes its pictures itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this earlier picture is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this findings is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is a read of {reader}: nobody else changes it or takes it away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no PDF</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no contour: it encloses nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no dark frame: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no export for research: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no fluorescence picture (stage: {stage})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no outline of a cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is no white-light picture (stage: {stage})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is not an address of a network camera</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is not the recovery key of this backup</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this is not the recovery key of this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this lesion is no longer in the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this lesion is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library has no account {name} on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library has no recovery key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library is not encrypted and has no accounts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library is older than when it was last used on this computer ({when}): what was done since is not in it, as if a copy from before had been put in its place. Look for the newer one, in a backup or another folder, before you go on here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library is open for reading only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library is open for reading only ({reason}), so an export cannot be put on record</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library is open for reading only: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this library is open for reading only: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this lies within the contour of lesion {number} already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this line has no such corner</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this line is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this makes {size:.4g} mm a pixel, which no colposcope has</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model is not passed on: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model is {state}, not active</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model is {state}, not promoted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model reads {sources}; this pair is {given}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model reads {sources}; this picture is {given}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model was not written, as nothing could ask it: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this network has no attention to follow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this one shows no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this os mark is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this outline of the cervix is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this pair has no fluorescence picture to mark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this pair has no white-light picture to mark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this pair is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this pair is not in the task</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this pair was read already, perhaps in another window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this password will not do: it has fewer than {count} letters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this password will not do: it is little more than the name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this password will not do: it is one of those that are tried first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this password will not do: it is too long</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this patient is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this picture is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this picture is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this pin is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this place lies outside of the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this plan cannot be followed: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this read is gone already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this referral is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this run has no model ({state})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this run is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this run is {state}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this specimen is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this step does not stand in the plan of the examination</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this task is closed, or gone: it takes no more reads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this task is closed: nothing can be decided in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this task is gone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this user may not read {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this user may not use {name} ({node})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this very model is here already, as {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit is a woman&apos;s already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit is hers already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit is not in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit is not signed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit is not signed: nobody has said who the woman is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this visit&apos;s picture shows no structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this {what} is no longer in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>threshold {threshold:.2f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>time of a visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to be discussed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to learn from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to register by hand, open that visit again and place them anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to remove it press Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to take a part away use the eraser (E); for another lesion add one in Findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too bright</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too dark or too bright</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too dark to tell</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too few patients to fine-tune: each grade needs {enough}; missing: {grades}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too few points: nothing was drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too few structures to compare: look whether the tissue fits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too few women to learn from: each grade needs {enough}; missing: {grades}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too large: {size:.0f} MB, at most {limit} MB a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too little overlap</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too many wrong passwords</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too small</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tool: {tool}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>total</source>
        <comment>Hysterectomy</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>train</source>
        <comment>part of the cases</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>train a model from it with `pfm train MANIFEST --out DIR --start {name}`</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>train from nothing, without a start</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>train it again, or bring it in as it is: `pfm models import {folder} --name NEW`</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>train with --variant {variant}, or start from another model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>transfer syntax {syntax!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>transformation zone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>transparency (alpha) composited over black</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>treated: {answer}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>treatment, recall, discharge</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>try again once that is over</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>try again; capitals and small letters differ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>try the password of that day (capitals and small letters differ), the recovery key of that day (--recovery-key), or another backup (--list, --at)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tumour, gross neoplasm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>turned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>turned upright as its EXIF data says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>two different names are said for one woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>two different names are said for the identifier {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Transformation zone</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Excision</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Transformation zone</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Excision</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Transformation zone</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Excision</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type all nine groups of four letters and digits as they were printed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type all {count} digits, as Settings of the library shows them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type the name anew, in one alphabet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ulceration (necrotic)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>under 1 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>under {error} px</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unexpected error: {kind}: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>day</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>how sure</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>birth date</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown grade</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown splice {splice!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown variant {variant!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unpack it first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unpack it first, then choose its folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unpack it where there is room, and give its folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unpacks to more than 200 times its size, as no picture does</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unplug it and plug it in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unplug it and plug it in again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unsatisfactory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unsure</source>
        <comment>how sure</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unusable</source>
        <comment>quality</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unusual colours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>up</source>
        <comment>where to swing</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>update the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>update the program to read this model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>update the program, or choose another model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>update this program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>upper third</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>use a real lamp, or Linux or macOS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>use digits, letters, - _ + and .</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>use letters, digits, - _ and .</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>use one of {names}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>vaginal stenosis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>validation</source>
        <comment>part of the cases</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>videos go out one by one, from the clips in Capture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>visit</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>visit of {visit}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>visit of {when}, %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>vitamin K antagonist</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait for it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait until frames were taken after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait until it gives pictures again, then repeat this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait until it gives pictures, then repeat this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait until more frames were taken after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait until that has ended, or stop it below; then do it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait until that run has ended, or name another folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wait {seconds} seconds, then try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warp one onto the other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warp one onto the other first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>was prepared at another size than {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>was prepared from other cases, pictures or sources than the manifest names: {differ} of its {rows} cases differ, such as {case}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>was written by a newer version of this program</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>was written over at its beginning</source>
        <comment>a file</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>was {name}, born {born}, ID {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>well exposed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what I saw</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what a model was trained on is not one line of at most {most} letters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what came from the camera is no whole picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what finds the cervix cannot be read: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what finds the cervix cannot be used by this OpenCV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what finds the cervix is not what was shipped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be read: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be used by this OpenCV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what finds words in pictures is not what was shipped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what is drawn is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what is on {port} answers {said!r}, which is not what was asked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what is taken after acetic acid must come after the step that starts its clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what it saves comes into the visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what speaks for cancer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what speaks for high</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what speaks for high, not for normal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what speaks for low</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what stands on a pot has at most {most} characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what stood there before is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what takes the pictures does not come to an end</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was finished before is kept, and nothing was left half written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was finished is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was put back until now stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was read before the AI answer was shown stays as it was</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was recorded before is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was written last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was written of it is removed, and the clip is unchanged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what was written so far is removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>when it was is not known: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>when it was is only a guess: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>when no program has it open, copy the whole folder to a place that can be written and use it there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>when the disk can be written again, open it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>when the disk can be written again, open it with your password</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>when this library was opened the clock of the computer said {now}, and the last entry was of {last}: check the clock. The order in which all was done is kept, and nothing is lost</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>where it is the wrong one, move it to another patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>which is before {year}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>which is still to come</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>which pictures there are to be cannot be read: those were checked that are there, and none is missed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>which promises nothing for such pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>white</source>
        <comment>light</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>white + fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>white balance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>white light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>white light only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>white-light picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whitening</source>
        <comment>kind of record</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whitening of places ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whitening was measured in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>who the woman is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whose</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>whose %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>whose it is is not known: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>whose it is is only a guess: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>window {width}, level {level}</source>
        <translation>fenêtre {width}, niveau {level}</translation>
    </message>
    <message numerus="yes">
        <source>with %n picture(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>with the clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>with {picture}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>words are drawn into a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>words found in %n place(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>write it as 14 Mar 2026 or 2026-03-14</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write it as 2026-03-14 10:15, or the day alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write it like 14 Mar 1988 or 1988-03-14</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026 or 2026-03-14</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write it like 2026-03-14 10:15:00</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write one, a word will do</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write that sentence of the model&apos;s {file} without it, also if it does not mean her, and try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the card again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the month as a word, like {one} {year}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the name so that the two are told apart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the person&apos;s name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>written</source>
        <comment>Consent</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wrong pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wrong source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yes</source>
        <comment>Pregnant</comment>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>you may not use {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>you may not use {port}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>you were shown what others read of this pair: your read would not be blind to theirs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>your account may not read pairs in this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>your own password is wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>zoom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{account}, with a new password.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{again} to go without it; a new one can be made in Settings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{age} years old at this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{answering} answers on this computer, not {model}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{area:.3g} mm², longest diameter {diameter:.1f} mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{arrow}, and closer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{attention} over {picture}: {limits}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{before} on this computer is another model than the one that answered before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{before}, now {now}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{before}, which answered before, cannot be asked on this computer: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{called} does not fit {variant}: {tensor} is {size}, not {wanted}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{called} has trunks {width} channels wide, {variant} has {wanted}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds values that are no numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds variances below zero</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{called} is not a FasterNet: {tensor} and {more} more tensors are missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{capture.go} takes what comes next and {capture.acid} starts the clock of acetic acid, with one hand or a pedal. Here a simulated device plays a phantom; no camera is needed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{cases} cases of {women} women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{change} (and {more} more)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{choice} not switched: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{columns} x {rows} pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{control} of the simulated camera goes from {low:g} to {high:g}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count:,} older ones are not listed: search for them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} earlier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} entries: {entries}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} files found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} heatmaps, registrations or thumbnails are missing or damaged there: they are made again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} of {all} not aligned: shown as taken.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} parts: {parts}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count}; reading older ones ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{day:02d} {month} {year}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{day} {month}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{distance}, limit {limit}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{distance}, limit {limit}: unlike</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done:,} of {turns:,}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} decided</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done:.0f} of {total:.0f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {parts}. Missing: {gaps}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done}. Undo brings it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done}. Undo takes it back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{earlier} beside {now}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field} (a lesion)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field} (the examination)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field} of the referral card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field}: was {value}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{files} and {more} more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{files} skipped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} cannot be read: whose backups these are was told from the snapshots.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} cannot be read: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} carries more than weights ({name})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} does not open {library}: it is the key file of another library, or the database is damaged too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} has no section Figures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} holds no outline of a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} holds no weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} holds something other than weights, or is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is already in this visit; it is not added a second time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {remedy}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is missing: if it was removed, what was done last is not here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is missing: whose backups these are was told from the snapshots.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is neither .safetensors nor .pth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is no outline of its white-light picture: their sizes are {sizes}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is not brought in: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} is there already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} lies in the folder of the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} marks {share:.0%} of its picture as lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} was not taken in: {why}. It was left where it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} {harm}, and before the library is opened without it, a copy is kept: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} {harm}: a password or the recovery key was being changed, or an older file put back: what was before and what is new open the library; pfm library repair {library} keeps the newer one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} {harm}: one is left of two. pfm library repair {library} writes both anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} {harm}: what was done last is not here, or not all of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{file} {harm}: without it and its copy nobody can open the library; make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{first} and {second} do not read the same pictures, and cannot be compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} cannot be looked into ({reason}). Check its permissions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} cannot be reached: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} cannot be used for work: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} has no snapshot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} has no snapshot that begins with {beginning!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds backups of another library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds no prepared pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds no whole case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds other files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds other files (such as {file}), and a model has a folder of its own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds weights, but {file}, which says what they are, is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} is a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} is a library, or lies within one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} is in use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} is no backup that can be told whose it is: its {about} is missing or cannot be read, and no snapshot or key file in it can be read either</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} is no backup: its {about} is missing or cannot be read, and there is no snapshot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} is not empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} lies in quarantine: it was learned from the library {library}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} lies within the folder of the backups</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{frames} frames</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{frames} frames missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{frames} frames, {refused} left out as they could not be laid over the first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{frames} pictures in the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{gap:.1f} s between the two pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{gap} after what stands before it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{given} of {items} items, {points} points so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{grade} ({share:.2f}; likeliest {other} {most:.2f})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{grade} {missing} more (has {there})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{grade} {numbers}, in the prediction set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{grade} {sign} impression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{grade} {women:,} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{help.shortcuts} shows the keys of the page in front, {help.guide} opens the user guide, and Help has this tour again. Nearly everything can be undone with {edit.undo}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{hits} of {visits}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{hours} o&apos;clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{hour} o&apos;clock, {quadrant}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{identifier} in the file&apos;s own record is a placeholder that many women may bear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{identifier} is a pseudonym that this library gave in an export: she is on record under her own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{identifier} is kept for visits of which nobody has said whose they are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{identifier} then has no visit and goes off the record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{identifier}, visit of {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{inside} in the prediction set, {outside} not in it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} has no answer {key!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} is a day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} is a whole number from {least} to {most}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} lies after this visit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} lies before her birth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} lies between {first} and today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} lies between {first} and {last}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} takes a list of answers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item} takes at most {most} characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item}: &quot;{answer}&quot; stands alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{item}: {typed!r} is no day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{job}: stopping</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{key_file} and {copy} are those of another library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{keys} already belongs to &quot;{command}&quot;. Choose other keys, or change that first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{keys} always means &quot;{command}&quot; there. Choose other keys.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{keys} is free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{keys} or Escape closes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{key}: note; Enter goes back to the pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lamp} does not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lamp} is not connected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lamp} refuses: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lamp} was unplugged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{least} to {most} {unit}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{least} to {most}, {threshold}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lesion}: drag around it, or click corners (Enter closes)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lesion}: paint; [ and ] size the brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lesion}: take away; [ and ] size the eraser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{letter}  {hour} o&apos;clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{letter}  {hour} o&apos;clock?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{library} holds no library of this program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lines} and {count} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits and the chain holds from the first line of the trail to the last.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits. It is a part of the trail, so the chain between its lines cannot be checked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>{lost} (is|are) altered or missing in {folder}, and not in the encrypted copy. Before it is worked with: pfm library repair {folder} --from BACKUP, then encrypt it once more. A backup of the plain library mends no encrypted one</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{lost} epochs of an earlier run in {run} were made with other cases, grades or settings (such as --epochs) and are not used; training starts from the beginning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing: the disk was too slow.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{low:.2f} to {high:.2f}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{manifest} names files that are not among those given ({files})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid, dark to bright: 0 to {end:g} {unit}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{mm} mm is no length</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} (cannot answer, see Models)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} answers already on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} answers as before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} answers now</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s).</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s); the other {rest:,} follow at random.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{model} is no longer the model that this one was learned from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} is no longer the model that this run began with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} is promoted in this library, and {answering} answers on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} was compared with {other}, and {answering} answers now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} was learned from this library and is {state}: it answers once it is compared and promoted in Fine-tune</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{mode} converted to RGB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name!r} cannot be a folder on Windows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name!r} cannot be the name of a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name!r} is no visit of this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name!r} is the beginning of several visits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{names} would be one woman</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}
born {born}, ID {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}    born {birth_date}    ID {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} (you)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} = {given} is neither true nor false</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} = {number} does not fit a network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures that are read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be reached</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be read as a video</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be read: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not give pictures in a form that is read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not open: it is not there, another program uses it, or the system&apos;s privacy settings forbid it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not open: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} ended the connection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} failed ({kind})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} failed while it was read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} gives no pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has changed since it was looked at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has no frame yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has no pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has {bits} bits a channel in a form that cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has {channels} channels of 16 bits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} holds {numbers} numbers instead of colours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is a pickle, which can run programs when it is opened, and is never loaded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is at its end</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is cut short within the zip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is damaged or cut short ({kind})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is damaged or cut short: {how}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is damaged within the zip ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is empty (zero bytes)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not a file any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not a picture that can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is signed in, and cannot sign as {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is signed out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is there already. Nothing was written. Choose another name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is too large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is too large ({size:.1f} GB)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is too large ({size})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is too large or declares no frames ({frames} frames of {size})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({size})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({width} x {height} pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is {on_record}: these would be added to hers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is {roles} in this library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is {roles}: {acts}, nothing else can be changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} knows no such path</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} may not {act}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} may sign in now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} refuses this user</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} says the day, and the file&apos;s time is of that day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} serves others already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} was interrupted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} was not added. {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} was unplugged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} {cases} ({women} women)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} {version} is here now ({label}). It answers nothing until it is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} {version}, signed on {day}. Anybody can sign a file: type the fingerprint that its sender told you {way}. It answers nothing until it is chosen here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, AI seen before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, born {birth}, ID {identifier}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, born {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, drift</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, not graded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, or a model that it came from, has learned from all women of the locked test: figures on them say nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, read again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, the name of this computer&apos;s account; set the reader&apos;s name in Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}, {title}, whole</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}: quality {verdict}{problems}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}: {folders} would be one woman.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} of {count}: {picture}; {state}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}, against normal tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number}: no whitening</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{one} and {other} and {count} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>{one} and {other} are said as birth dates, and all</source>
        <comment>before: would be one woman</comment>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{one} and {other}, AI seen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{one} or {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>{out:,} of %n picture(s) ({left:,} left out)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{page} cannot be shown at the moment. The message at the foot of the window says why; Next goes on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pairs} (+ {again:,} again)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{part} in it is too large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} already holds a library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read as a video: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read: {problem}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be written as a picture: {said} says no format that is written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be written: a JPEG is at most {most} pixels wide and high</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} is no folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} may not be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} could not be written: choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has format {found}, not {first} or {second}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no [{table}]: it is from an earlier version, or was altered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no frame at {seconds:g} seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has the column {columns} twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds more than {count:,} files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds no library: {file} is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds other files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds something else than a library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds the pictures of a library whose database is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds the pictures of an encrypted library whose database is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds the {file} of a library whose database is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds the {file} of an encrypted library whose database is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a folder, not a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a folder, not a {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a pickle, which could hold a program: it was not opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is coded in {shown}, which is not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged: {error} is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged: {said}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is encrypted already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is far too large ({size} bytes)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is named twice and would be overwritten</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not UTF-8 text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a CSV table: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a file that may be written: /{folder} belongs to the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a video that can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a zip that can be read, or it is cut short</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is separated by {marks}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is too large for a {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>{path} lacks the column(s) {columns}</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{path} may not be read: permission denied</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} names no case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} names the case {name} twice (lines {first} and {second})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} names the file {name} twice (lines {first} and {second})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} unpacks to {unpacked:,.0f} MB, more than {times} times its {packed:,.1f} MB, as no pictures do (up to {free} MB it may); at most {limit} GB are read of a zip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} was altered after the model was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path}, line {line}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix as found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} already in the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} pictures added</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits added</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} pictures moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} pictures removed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pictures} to be looked at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{picture} (space: the other)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{picture} of {part}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{picture} {problems}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{picture}, being registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{picture}, not registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{picture}, {seconds:.0f} s after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{place} (on other pictures of this visit)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{problem}. Nothing was saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{problem}: a backup opens with those of its day, here of {snapshot}, whatever was changed since</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{problem}: copy it again from where it came, for what follows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{pseudonym} is {woman}. That you asked is on record.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reader} no longer reads {task}: the reader is {now} now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>{ready} of %n picture(s) will be brought in</source>
        <translation type="unfinished">
            <numerusform></numerusform>
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>{reason}, and that her identity was removed: it may be a pseudonym</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, and the same stands beside {names}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, and the visit was said to be on {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but it stands in {places}, where numbers may begin anew</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but its colours are those of {light}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but its record says that the patient is male</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but its record says {kind}, which is no photograph of a cervix</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but its study holds pictures of {others} as well</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but nothing else says it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside different birth dates</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside {names}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but {doubt}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but {figures} behind the day may be a count</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but {names} within it may be different women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but {where} says {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, but {where} within it may name her</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}: {figures} behind it is taken for a count</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}: {number} is {name} in this library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}: {number}, and hers is {identifier}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}; they differ in shape ({one} and {other})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}; without points: {cause}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{regions}, dashed line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{regions}, whole line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{registered}, by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{remedy}, or {other_way}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{review.pin} takes the pin tool, and a click marks where a biopsy was taken. Each pin has its pot here, and {review.labels} saves the labels of the pots.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{same} the same, {far} two grades or more apart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{scale:.4g} mm a pixel: the picture is {width:.1f} mm wide.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{seconds:.0f} s after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{seconds:.0f} s long</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{seconds:.1f} of {total:.1f} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{sentence}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen after Lugol&apos;s iodine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in fluorescence.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in white light.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen through the green filter.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{share:.0%} of this visit&apos;s picture is seen in the earlier one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits found; scroll down for older ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits; scroll down for older ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown} of {there} are shown, chosen evenly.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the clip are shown, chosen evenly.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the whitening clip are shown, chosen evenly.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{software}   made {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{software}, made {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{sources} are no pair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{sources}, {variant}, {splice} splice, {size} px input</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{source} alone: {answer}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{source} only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{source}, stage not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{source}: such a picture is read beside white light only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{squares} squares were seen. Their sides differ by {spread:.1%} (0 %: flat, square to the view).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{stage} (white light)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{stage} + fluorescence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{start:.0f} to {end:.0f} s after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{step} of {steps}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{step}: {done:.0f} of {total:.0f}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{step}{share}. You can go on working meanwhile.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{stored} bits scaled to 8 bits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{text} of {woman}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{these} and {last}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{these} and {this}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{these} or {this}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{time} after acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}. You can go on working meanwhile.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}: visit of {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{total} of 10</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{total} of 8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{typed} can mean {one} or {other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{typed} is no birth date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{typed} is no day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{typed} is no day of a report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{typed} is no number of seconds after acetic acid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{typed} is not a time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{user} on {host} (process {pid}, since {since})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{value:g} is no value for the {control}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{variable} is {name!r}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{verdict} (the last pair)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{version!r} cannot be the version of a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{view} follows once the pictures are aligned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{view} follows once the pictures are registered</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{view} needs a registration: the pictures do not lie on each other yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{view} needs both pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{view} needs two pictures that lie on each other: these are not aligned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{visits}, WITH NAMES.

Goes out: name, number, birth date, pictures; findings and pins; registration of the pair that opens or was signed, its AI answer if it was revealed; of signed visits the report. Nothing is removed.

It goes on record, before the first file is written: who, when, which visits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{visits}, {pictures}, under pseudonyms.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{weights} is not a readable safetensors file ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what_is_done} by {holder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} and {other} say different numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} has {count} entries, as one value for each case would be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} holds marks of women</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is a list of lists</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is a list of {count} where no model of this program has one, as one value for each case would be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is a table that no model of this program has</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is a text that nobody can read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} looks like a clinic&apos;s number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} names a file or folder ({path})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} says a number, which may be another than a clinic&apos;s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} says so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} says two stages ({words})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} says {day}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where}: more cells than columns</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where}: no x and y</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where}: not a finite number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{who} may not see names, findings and histology in this library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{who} may not take pictures and records out of the library in this library.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{width} x {height} pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{width} x {height} pixels of 16 bits, with transparency</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{woman} is being examined: marks, whitening and clips end where another visit is opened. Press again within 3 seconds to open it all the same.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{woman}, visit of {when}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{work} is not done, and its recording would end. {again} to stop it, or wait.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{work} is not done, and nothing of it would stay. {again} to stop it, or wait.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{work} is not done, and would be stopped. {again} to stop it, or wait.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>± is the spread over {passes} passes of the model, not its error.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>▶ Play</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>● REC {minutes}:{seconds:02d}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>● in the set, {promise}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>❚❚ Pause</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
