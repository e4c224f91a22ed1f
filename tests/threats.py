"""The threat list of the README: who could try what, what stops it, and the tests that show it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threat:
    """One row. `tests` are ``file::function`` under ``tests/``."""

    who: str
    tries: str
    stopped_by: str
    tests: tuple[str, ...]


LOCAL, NEAR, SITE, PAGE, MODEL, SOUND = (
    "another program or account of this machine",
    "a neighbour in the network",
    "a web page in your browser",
    "a preset, map or configuration from elsewhere",
    "a checkpoint from elsewhere",
    "a WAV as guide, or in the clips folder",
)

THREATS = (
    Threat(
        LOCAL,
        "to ask for clips, as everyone here may, until nothing else gets through",
        "a bounded queue, turns between senders, a rate for each, a pile of packets for each",
        (
            "end_to_end/test_load.py::test_a_flood_does_not_delay_anothers_answer",
            "end_to_end/test_load.py::test_fifty_jobs_of_one_do_not_delay_anothers_first",
            "end_to_end/test_load.py::test_a_sender_in_a_circle_is_told_when_to_come_again",
            "end_to_end/test_requests.py::test_a_full_queue_refuses_and_forgets_nothing",
        ),
    ),
    Threat(
        LOCAL,
        "to break the daemon with packets that are no OSC, or strange",
        "packets are checked whole before anything of them is read; nothing of them reaches a shell or a format",
        (
            "end_to_end/test_fuzz.py::test_whatever_comes_the_daemon_answers_and_lives",
            "end_to_end/test_requests.py::test_what_is_no_osc_is_counted_and_dropped",
            "daw_bridge/wires/test_osc_packet.py::test_random_bytes_are_no_osc_or_harmless",
        ),
    ),
    Threat(
        LOCAL,
        "to read or write a file of yours by a request: `../`, links, names of jobs, presets and guides",
        "names have no path in them; a guide must lie, links followed, in a folder of `paths.guides`; nothing is overwritten",
        (
            "daw_bridge/test_plan.py::test_a_guide_lies_in_an_allowed_folder_once_links_are_followed",
            "end_to_end/test_requests.py::test_a_bad_request_is_answered_with_its_code_and_a_remedy",
            "daw_bridge/deliveries/test_names.py::test_every_name_is_portable_and_reads_back",
            "daw_bridge/deliveries/test_atomic.py::test_a_move_to_a_taken_name_changes_nothing",
        ),
    ),
    Threat(
        LOCAL,
        "to do so by files: huge, binary, by the thousand, links, pipes, names that lead elsewhere",
        "the exchange is your account's alone; names and sizes are checked first, links and pipes are never read, a look "
        "takes some dozen files and no more than some kilobytes, clients in turn, and what nobody fetches is bounded",
        (
            "daw_bridge/wires/test_exchange_box.py::test_the_folder_is_its_owners_alone",
            "daw_bridge/wires/test_exchange_box.py::test_a_hostile_file_harms_nothing",
            "daw_bridge/wires/test_exchange_box.py::test_only_names_as_they_should_be_are_taken",
            "daw_bridge/wires/test_exchange_box.py::test_what_nobody_fetches_is_bounded",
            "daw_bridge/wires/test_exchange_box.py::test_much_is_taken_a_little_at_a_time_and_each_client_has_a_turn",
            "daw_bridge/wires/test_exchange_box.py::test_what_cannot_be_taken_is_in_nobodys_way",
            "daw_bridge/wires/test_exchange.py::test_a_million_lines_do_not_hold_up_the_loop",
            "end_to_end/test_exchange.py::test_what_is_no_request_is_answered_and_harms_nothing",
            "end_to_end/test_exchange.py::test_a_flood_of_files_delays_nobody_else",
        ),
    ),
    Threat(
        LOCAL,
        "to read in the log what you asked for",
        "its folder is yours alone; `logs.prompts = 0` keeps prompts out of it",
        (
            "daw_bridge/test_logs.py::test_a_log_is_its_owners_alone",
            "daw_bridge/test_logs.py::test_a_job_is_one_line_with_its_stages",
        ),
    ),
    Threat(
        LOCAL,
        "to have an engine hang or eat all memory, with a job that is large or unlucky",
        "each engine is in a process of its own, which is ended and replaced; the job fails and says why",
        (
            "end_to_end/test_guard.py::test_a_job_whose_worker_hangs_fails_and_the_next_is_made",
            "end_to_end/test_guard.py::test_a_job_whose_worker_takes_too_much_fails_for_memory",
            "plugin_host/test_guard.py::test_a_job_that_ends_two_workers_is_failed_and_not_tried_again",
        ),
    ),
    Threat(
        LOCAL,
        "to keep OSCQuery busy, with questions that are long, slow, many or no HTTP",
        "bounds of size, seconds and connections; what is no question is refused unread; OSC is another port's",
        (
            "daw_bridge/wires/test_osc_query.py::test_a_question_has_an_end",
            "daw_bridge/wires/test_osc_query.py::test_who_says_nothing_is_not_waited_for",
            "daw_bridge/wires/test_osc_query.py::test_there_are_so_many_connections_and_no_more",
            "daw_bridge/wires/test_osc_http.py::test_whatever_comes_is_a_question_or_refused",
        ),
    ),
    Threat(
        NEAR,
        "to be heard at all",
        "the daemon listens on 127.0.0.1; to open it takes `osc.host` and a list of peers, `osc.allow`",
        (
            "daw_bridge/test_config.py::test_a_network_address_needs_an_allow_list",
            "end_to_end/test_network.py::test_a_daemon_is_not_opened_to_the_network_by_accident",
        ),
    ),
    Threat(
        NEAR,
        "to ask a daemon that is open, without being on the list",
        "its packets are counted and dropped unread, and never answered",
        (
            "end_to_end/test_network.py::test_a_stranger_is_counted_and_not_answered",
            "daw_bridge/wires/test_osc.py::test_strangers_may_not",
            "end_to_end/test_network.py::test_a_stranger_reads_nothing_either",
        ),
    ),
    Threat(
        NEAR,
        "to have the daemon send to somebody else",
        "reports go to the host that asked, at most to another port of it; our own words are never answered",
        (
            "end_to_end/test_requests.py::test_refusals_reach_the_port_that_was_named",
            "end_to_end/test_requests.py::test_our_own_words_are_never_answered",
        ),
    ),
    Threat(
        NEAR,
        "to find out by mDNS that it runs, though it hears this machine alone",
        "what is announced to this machine is told to nobody else, whoever asks",
        ("daw_bridge/wires/test_discovery.py::test_who_hears_this_machine_alone_answers_nobody_else",),
    ),
    Threat(
        SITE,
        "to read your session and presets, or to start something, by asking OSCQuery",
        "it can only be read; no answer lets a page of another origin see it; a name that was made to lead here is refused",
        (
            "daw_bridge/wires/test_osc_http.py::test_nothing_but_reading_is_possible",
            "daw_bridge/wires/test_osc_http.py::test_no_page_is_ever_allowed_to_read",
            "daw_bridge/wires/test_osc_http.py::test_a_page_that_had_its_own_name_lead_here_is_not",
        ),
    ),
    Threat(
        PAGE,
        "to take minutes and gigabytes to read, or never to end",
        "bounds of size, parts of a key and depth, looked at before; what is no file is not waited for",
        (
            "daw_bridge/test_pages.py::test_a_hostile_page_is_refused_at_once",
            "daw_bridge/test_pages.py::test_a_pipe_is_not_waited_for",
            "daw_bridge/test_pages.py::test_a_configuration_has_bounds_too",
        ),
    ),
    Threat(
        PAGE,
        "to name files of yours: as a link, or as guide",
        "a link out of the folder is refused and nothing of its goal is told; a preset's guide is confined as any",
        (
            "daw_bridge/test_pages.py::test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed",
            "daw_bridge/test_plan.py::test_a_presets_guide_is_confined_too",
        ),
    ),
    Threat(
        MODEL,
        "to run a program when it is loaded",
        "safetensors, or torch's weights-only loading; a bare pickle is refused; no code of a checkpoint is ever run",
        ("plugin_host/engines/musicldm/test_checkpoint.py::test_a_pickle_cannot_run",),
    ),
    Threat(
        MODEL,
        "to crash, fill memory or never end by what its headers and settings say",
        "they are checked before a library sees them; what gets through costs its worker and one job",
        (
            "plugin_host/engines/musicldm/test_checkpoint.py::test_a_spoiled_checkpoint_is_refused",
            "plugin_host/engines/musicldm/test_checkpoint.py::test_measures_without_sense_are_refused",
            "plugin_host/test_guard.py::test_a_worker_that_grows_is_ended_before_the_machine_is_full",
        ),
    ),
    Threat(
        SOUND,
        "to crash or fill memory by what its headers claim",
        "bounds of length, channels and rate from the header; no more is read than is there; samples must be numbers",
        (
            "plugin_host/engines/musicldm/test_guide.py::test_a_hostile_wav_is_refused_with_its_name",
            "plugin_host/engines/musicldm/test_guide.py::test_a_wav_that_lies_about_its_size_is_read_as_far_as_it_goes",
            "plugin_host/engines/musicldm/test_guide.py::test_five_hours_are_no_guide",
        ),
    ),
    Threat(
        SOUND,
        "to steer your terminal or deceive you by its tags",
        "nothing of a file is shown but as plain text; a clip that was changed is doubted",
        (
            "daw_bridge/cli/test_inspect.py::test_nothing_in_a_file_can_steer_the_terminal",
            "daw_bridge/cli/test_inspect.py::test_a_clip_that_was_edited_is_doubted",
        ),
    ),
)
