using System.Text.Json.Nodes;

namespace Seedance.Onnx.Cli;

/// <summary>generate and what it runs on: options, the host's settings, and what the pack advises.</summary>
[Trait("Tier", "Graph")]
public sealed class GenerateExecutionTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableTheory]
    [InlineData("--provider gpu", "--provider must be one of auto, cpu, webgpu, cuda, tensorrt, but is 'gpu'.")]
    [InlineData("--provider cpu --device 1", "The device must be 0 on cpu, which has no other, but is 1. Leave it out, or ask for cuda or tensorrt.")]
    [InlineData("--provider webgpu --precision fp16", "The precision must be fp32 on webgpu")]
    [InlineData("--device -1", "--device must be a whole number from 0 to 1023, but is '-1'.")]
    [InlineData("--precision int4", "--precision must be one of fp32, fp16, bf16, but is 'int4'.")]
    public async Task Generate_OptionsThatAreWrong_AreUsageErrors(string options, string problem)
    {
        CommandRun run = await _commands.RunAsync(["generate", "ball", .. options.Split(' ')]);

        run.AssertFailed(2, problem);
    }

    [SkippableFact]
    public async Task Generate_DeviceWithoutProviders_IsNotIgnored()
    {
        CommandRun run = await _commands.RunAsync("generate", "ball", "--device", "1");

        run.AssertFailed(5, "The device must be 0 on cpu");
    }

    [SkippableFact]
    public async Task Generate_SettingsAskForCuda_TheCommandLineCountsMore()
    {
        SkipIfCudaIsBuiltIn();
        WriteSettings("""{ "execution": { "providers": ["cuda"], "device": 1, "tensorrt": {} } }""");

        CommandRun asked = await _commands.RunAsync("generate", "ball", "--config", "host.json", "-o", "a.mp4");
        CommandRun overruled = await _commands.RunAsync("generate", "ball", "--config", "host.json", "--provider", "cpu", "-o", "b.mp4");

        Assert.Equal((5, 0), (asked.ExitCode, overruled.ExitCode));
        Assert.Contains("Provider 'cuda'", asked.Error, StringComparison.Ordinal);
        Assert.Equal(["b.mp4", "host.json"], _commands.Names);
    }

    [SkippableFact]
    public async Task Generate_PackAdvisesCuda_TheSettingsCountMore()
    {
        SkipIfCudaIsBuiltIn();
        _commands.ChangeContract(contract => contract["execution"] = new JsonObject { ["providers"] = new JsonArray("cuda") });
        WriteSettings("""{ "execution": { "providers": "cpu" } }""");

        CommandRun advised = await _commands.RunAsync("generate", "ball", "-o", "a.mp4");
        _commands.Set("SEEDANCE_CONFIG", "host.json");
        CommandRun overruled = await _commands.RunAsync("generate", "ball", "-o", "b.mp4");

        Assert.Equal((5, 0), (advised.ExitCode, overruled.ExitCode));
        Assert.Contains("Provider 'cuda'", advised.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Generate_SettingsWithMistakes_TellsAllOfThemUnderTheFilesName()
    {
        WriteSettings("""{ "execution": { "device": "1", "thread": 2 } }""");

        CommandRun run = await _commands.RunAsync("generate", "ball", "--config", "host.json");

        run.AssertFailed(2, "host.json': $.execution.device must be a whole number", "$.execution.thread must be a known key");
    }

    [SkippableFact]
    public async Task Generate_SettingsLimitTheMemory_TellsWhatIsNeeded()
    {
        WriteSettings("""{ "memory_limit_mib": 1 }""");

        CommandRun run = await _commands.RunAsync("generate", "ball", "--config", "host.json");

        run.AssertFailed(5, "The memory for pack 'tiny' must be above");
    }

    [SkippableFact]
    public async Task Generate_VideoThatMayNotFit_IsRefusedWithWhatWould()
    {
        WriteSettings("""{ "memory_limit_mib": 100 }""");

        CommandRun run = await _commands.RunAsync("generate", "ball", "--config", "host.json", "--resolution", "2048x2048", "--frames", "17");

        run.AssertFailed(2, "The video must fit into 100 MiB of memory, but 17 frames of 2048x2048 are planned to take");
    }

    private static void SkipIfCudaIsBuiltIn() =>
        Skip.If(File.Exists(Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_shared.so")), "The CUDA and TensorRT libraries are built in.");

    private void WriteSettings(string json) => File.WriteAllText(_commands.InWork("host.json"), json);
}
