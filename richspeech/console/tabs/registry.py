"""Every tab of the page, one line each, in the order in which they stand there."""

from richspeech.console.tab import MakeTab
from richspeech.console.tabs.access.tab import AccessTab
from richspeech.console.tabs.batch.tab import BatchTab
from richspeech.console.tabs.emotion.tab import EmotionTab
from richspeech.console.tabs.history.tab import history_tab
from richspeech.console.tabs.lab.tab import LabTab
from richspeech.console.tabs.live.tab import LiveTab
from richspeech.console.tabs.settings.tab import SettingsTab
from richspeech.console.tabs.transcribe.tab import TranscribeTab

TABS: tuple[MakeTab, ...] = (
    TranscribeTab,
    EmotionTab,
    LiveTab,
    BatchTab,
    history_tab,
    LabTab,
    SettingsTab,
    AccessTab,
)
