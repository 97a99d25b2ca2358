namespace Seedance.Onnx.Cli;

/// <summary>serve: what is refused before anything listens, and keys.</summary>
[Trait("Tier", "Unit")]
public sealed class ServeCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Serve_PublicAddressWithoutKeys_IsRefusedWith2()
    {
        CommandRun run = await _commands.RunAsync("serve", "--urls", "http://0.0.0.0:8040");

        run.AssertFailed(2, "urls must be addresses of this machine only while there are no API keys, but 'http://0.0.0.0:8040' can be reached by others.");
    }

    [SkippableFact]
    public async Task Serve_WrongSettings_AreALineEach()
    {
        _commands.Set("SEEDANCE_SERVER_WORKERS", "0");

        CommandRun run = await _commands.RunAsync("serve", "--max-queued", "many", "--previews", "perhaps");

        run.AssertFailed(2, "SEEDANCE_SERVER_WORKERS must be a whole number from 1 to 64", "--max-queued must be a whole number", "--previews must be true or false");
    }

    [SkippableFact]
    public async Task Worker_WithoutStoreAndBroker_IsRefused()
    {
        CommandRun run = await _commands.RunAsync("worker");

        run.AssertFailed(2, "broker and store must both be given where several machines work together, but neither is. Give the worker those of its servers.");
    }

    [SkippableFact]
    public async Task Serve_PackThatIsNone_ExitsWith3AndMakesNoFolder()
    {
        CommandRun run = await _commands.RunAsync("serve", "nowhere");

        Assert.Equal(3, run.ExitCode);
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Serve_NewKey_IsShownOnceAndKeptAsAHash()
    {
        CommandRun run = await _commands.RunAsync("serve", "--new-key", "alice");
        CommandRun again = await _commands.RunAsync("serve", "--new-key", "alice");

        Assert.Matches("^sk-seedance-[A-Za-z0-9_-]{43}\n$", run.Output);
        string kept = await File.ReadAllTextAsync(Path.Combine(_commands.InWork("seedance-data"), "keys.json"));
        Assert.DoesNotContain(run.Output.Trim()["sk-seedance-".Length..], kept, StringComparison.Ordinal);
        again.AssertFailed(2, "a key must have a name of its own, but there is one called 'alice'.");
    }
}
