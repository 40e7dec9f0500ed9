"""What the script of the HTML report says, and the names that it shows."""

from usbguard_py.i18n import N_

SCRIPT = {
    "unchecked": N_(
        "Not verified yet. If this stays, the browser runs no scripts: the figures can be read, but nothing here has "
        "been verified."
    ),
    "no_sha": N_("NOT VERIFIED: this browser computes SHA-256 wrongly. Open the page in another one."),
    "broken": N_("NOT INTACT: record {seq} in this page is not what was written."),
    "cut": N_("NOT INTACT: the records of this page do not end with record {seq} and its hash."),
    "figure": N_("NOT INTACT: a figure of this page is not that of its records ({name})."),
    "failed": N_("NOT VERIFIED: the page itself is damaged ({detail})."),
    "broken_do": N_(
        "This file was changed or damaged. Do not rely on it: have another one made, or verify the log itself."
    ),
    "good": N_("VERIFIED IN THIS PAGE: {count} records, {first} to {last}; each follows from the one before it."),
    "counted": N_("The charts were counted again from these records and agree."),
    "part": N_(
        "The page carries the newest {count} of {all} records of the period. Its figures are of all of them, counted "
        "by the command that made it; the page cannot count them again."
    ),
    "head": N_("Last record {seq}, hash {head}. Compare it with what stands on paper, or in the log itself."),
    "limits": N_(
        "What the page cannot show: the other sentences and tables, which the command wrote; whether there are later "
        "records; and whether somebody with root wrote the whole log anew before. For that compare number and hash "
        "with an earlier paper."
    ),
    "subtle": N_("The browser's own SHA-256 agrees with that of the page."),
    "no_subtle": N_(
        "This browser gives a page from a file no SHA-256 of its own; that of the page passed the standard's examples."
    ),
    "records": N_("Records"),
    "search": N_("Search, without accents"),
    "all_kinds": N_("All events"),
    "all_outcomes": N_("All results"),
    "more": N_("Show more"),
    "shown": N_("{shown} of {count} records that fit; a click shows all of one."),
    "h_record": N_("Record"),
    "h_time": N_("Time"),
    "h_event": N_("Event"),
    "h_device": N_("Device"),
    "h_result": N_("Result"),
    "h_more": N_("More"),
}
