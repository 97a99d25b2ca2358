using System.Text.Json.Nodes;

namespace Seedance.Onnx.Cli;

/// <summary>doctor: a whole machine, and one with something missing.</summary>
[Trait("Tier", "Graph")]
public sealed class DoctorCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Doctor_EverythingThere_SaysWhat()
    {
        CommandRun run = await _commands.RunAsync("doctor");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.DoesNotContain("MISSING", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"ok +ffmpeg +0-script \(.*ffmpeg\)\n", run.Output);
        Assert.Matches(@"ok +onnxruntime +\d+\.\d+\.\d+, with Extensions, built for cpu.*\n", run.Output);
        Assert.Matches(@"ok +cuda +(can be asked for|not to be had: needs the library) ", run.Output);
        Assert.Matches(@"ok +webgpu +(can be asked for|not to be had: )", run.Output);
        Assert.Matches(@"ok +processor +\d+ cores", run.Output);
        Assert.Matches(@"ok +memory +\d", run.Output);
        Assert.Matches(@"ok +config +none; SEEDANCE_CONFIG can name a file\n", run.Output);
        Assert.Matches(@"ok +cache +.*seedance: ", run.Output);
        Assert.Matches(@"ok +server +would listen on http://127\.0\.0\.1:8040 with no API keys \(only this machine may ask\); data in .*seedance-data, not made yet\n", run.Output);
        Assert.Matches(@"ok +pack +tiny 1\.0\.0 \(.*\): 5 files verified, graphs open\n", run.Output);
    }

    [SkippableFact]
    public async Task Doctor_FFmpegMissingAndPackDamaged_SaysWhatToDoAndExits5()
    {
        _commands.Set("SEEDANCE_FFMPEG", "");
        File.AppendAllText(Path.Combine(_commands.Pack, "transformer", "model.onnx"), "x");

        CommandRun run = await _commands.RunAsync("doctor", "--json");

        Assert.Equal(5, run.ExitCode);
        Assert.Equal("seedance: Everything must be there, but ffmpeg and pack must be seen to. The report says how.\n", run.Error);
        JsonNode report = JsonNode.Parse(run.Output)!;
        Assert.False((bool)report["ok"]!);
        JsonNode[] missing = [.. report["checks"]!.AsArray().OfType<JsonNode>().Where(check => !(bool)check["ok"]!)];
        Assert.Equal(["ffmpeg", "pack"], missing.Select(check => (string?)check["name"]));
        Assert.Contains("apt-get install ffmpeg", (string?)missing[0]["detail"], StringComparison.Ordinal);
        Assert.Contains("'transformer/model.onnx' must have sha256", (string?)missing[1]["detail"], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Doctor_Cancelled_Exits130()
    {
        CommandRun run = await _commands.RunAsync(new StringWriter(), showProgress: false, new CancellationToken(canceled: true), "doctor");

        run.AssertFailed(130, "Cancelled");
    }

    [SkippableFact]
    public async Task Doctor_ServerThatCouldNotStart_SaysWhyAndExits5()
    {
        _commands.Set("SEEDANCE_SERVER_URLS", "http://0.0.0.0:80");

        CommandRun run = await _commands.RunAsync("doctor");

        Assert.Equal(5, run.ExitCode);
        Assert.Matches(@"MISSING +server +Settings 'server': urls must be addresses of this machine only while there are no API keys, but 'http://0\.0\.0\.0:80'", run.Output);
    }

    [SkippableFact]
    public async Task Doctor_SettingsThatAreWrong_SaysWhereAndExits5()
    {
        _commands.Set("SEEDANCE_CONFIG", "host.json");
        File.WriteAllText(_commands.InWork("host.json"), """{ "execution": { "threads": 0 } }""");

        CommandRun run = await _commands.RunAsync("doctor");

        Assert.Equal(5, run.ExitCode);
        Assert.Matches(@"MISSING +config +Settings '.*host.json': \$\.execution\.threads must be a whole number from 1 to 1024, but is 0\.\n", run.Output);
        Assert.Matches(@"ok +pack", run.Output);
    }
}
