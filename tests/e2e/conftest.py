"""Fixtures, and what is printed when a test fails: logs, configurations, what the application got."""

import os

import pytest
from app import App
from envoy import Envoy
from process import RUNNING
from sink import Sink

# A process that is started while gRPC's threads run may end before it becomes Envoy: gRPC's handlers for forks close its descriptors.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# It asserts on behalf of tests.
pytest.register_assert_rewrite("calls")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for one in RUNNING:
            report.sections += one.report()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Whatever a test has done to an Envoy that still runs: nothing is lost from sight."""
    result = yield
    for one in [one for one in RUNNING if isinstance(one, Envoy) and one.code is None]:
        one.balance()
    return result


MEASURED = "measured"


@pytest.fixture
def figure(request, record_property):
    """Prints a measured figure at the end of the run, also when everything passes."""
    return lambda text: record_property(MEASURED, f"{request.node.name}: {text}")


def pytest_terminal_summary(terminalreporter):
    # By way of the reports: the tests ran in other processes.
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    figures = [text for one in reports for name, text in one.user_properties if name == MEASURED]
    if figures:
        terminalreporter.section(MEASURED)
        for text in sorted(figures):
            terminalreporter.write_line(text)


@pytest.fixture(scope="module")
def named(request):
    """The test file's name, for files and processes."""
    return request.module.__name__.removeprefix("test_")


@pytest.fixture(scope="module")
def app():
    app = App()
    yield app
    app.stop()


@pytest.fixture(scope="module")
def sink(named):
    with Sink(f"{named}-sink") as sink:
        yield sink


@pytest.fixture
def start(request):
    """Starts an Envoy for one test: `start(bootstrap, env=…)`."""
    running = []

    def start(document, **options):
        name = f"{request.node.name.replace('[', '-').rstrip(']')}-{len(running)}".replace("/", "-")
        running.append(Envoy(name, document, **options))
        return running[-1]

    yield start
    for one in running:
        one.stop()
