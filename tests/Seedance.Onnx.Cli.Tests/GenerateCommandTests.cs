using System.Text.Json;
using System.Text.Json.Nodes;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>generate: what its options do, and what it tells.</summary>
[Trait("Tier", "Graph")]
public sealed class GenerateCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Generate_PromptAlone_UsesThePacksDefaultsAndTellsInOneLine()
    {
        CommandRun run = await _commands.RunAsync("generate", "a red ball", "--seed", "7");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(["a-red-ball-7.mp4"], _commands.Names);
        Assert.Matches(@"^a-red-ball-7\.mp4: 48x32, 0\.6 s, 23 kB, seed 7, made in \d+\.\d s\n$", run.Output);
        Assert.Equal(5 * 48 * 32 * 3, new FileInfo(_commands.InWork("a-red-ball-7.mp4")).Length);
        Assert.Equal(("euler", 4, "1.5", "2"), Settings());
    }

    [SkippableFact]
    public async Task Generate_EveryOption_ReachesTheRequest()
    {
        CommandRun run = await _commands.RunAsync(
            "generate", "ball", "-o", "clip.webm", "--resolution", "64x32", "--frames", "9", "--seed", "4294967295", "--solver", "dpm++", "--steps", "6", "--guidance", "2.5",
            "--shift", "3", "--negative", "blur", "--threads", "1", "--json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(_commands.InWork("clip.webm"), report.GetProperty("output").GetString());
        Assert.Equal((64, 32, 9, 8), (Int(report, "width"), Int(report, "height"), Int(report, "frames"), Int(report, "fps")));
        Assert.Equal(4294967295, report.GetProperty("seed").GetUInt64());
        Assert.Equal(("dpm++", 6, "2.5", "3"), Settings());
        Assert.Contains("libvpx-vp9", _commands.FFmpegArguments, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("--ratio 2:3", 32, 48, 5)]
    [InlineData("--ratio 1:1 --duration 1.1", 32, 32, 9)]
    [InlineData("--resolution 48x48 --duration 0.01", 48, 48, 1)]
    public async Task Generate_RatioAndDuration_TakeThePacksNearest(string options, int width, int height, int frames)
    {
        CommandRun run = await _commands.RunAsync(["generate", "ball", "--json", .. options.Split(' ')]);

        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal((width, height, frames), (Int(report, "width"), Int(report, "height"), Int(report, "frames")));
    }

    [SkippableFact]
    public async Task Generate_Json_HasWhatScriptsNeed()
    {
        CommandRun run = await _commands.RunAsync("generate", "红色的球", "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject();
        Assert.Equal(
            ["output", "bytes", "frames", "width", "height", "fps", "seed", "milliseconds", "graphs", "skipped", "notices", "stages", "peakMemoryBytes"], report.Select(property => property.Key));
        Assert.Equal(["text_encoder", "tokenizer", "transformer", "vae_decoder"], report["graphs"]!.AsObject().Select(graph => graph.Key).Order(StringComparer.Ordinal));
        Assert.Equal("""{"provider":"cpu","precision":"fp32"}""", report["graphs"]!["transformer"]!.ToJsonString());
        Assert.Equal(["text 1", "denoise 4", "decode 1", "encode 5"], report["stages"]!.AsArray().Select(stage => $"{stage!["name"]} {stage["runs"]}"));
        Assert.True(report["peakMemoryBytes"]!.GetValue<long>() > 1_000_000);
        Assert.Equal($"红色的球-{report["seed"]}.mp4", Assert.Single(_commands.Names));
        Assert.Contains("红色的球", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Generate_ProviderAuto_SaysWhatWasSkippedAndWhy()
    {
        Skip.If(Seedance.Onnx.Ort.RuntimeInfo.Read().Gpus.Count > 0, "A card is there, and is taken.");

        CommandRun run = await _commands.RunAsync("generate", "a red ball", "--provider", "auto", "--json");

        JsonObject report = JsonNode.Parse(run.Output)!.AsObject();
        Assert.Equal("cpu", (string?)report["graphs"]!["transformer"]!["provider"]);
        Assert.Equal(["tensorrt", "cuda", "webgpu"], report["skipped"]!.AsObject().Select(skipped => skipped.Key));
        Assert.Contains("needs a graphics card", (string?)report["skipped"]!["webgpu"], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Generate_ProviderThatCannotRunHere_NamesTheLibraryAndExits5()
    {
        Skip.If(File.Exists(Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_shared.so")), "The CUDA libraries are built in.");

        CommandRun run = await _commands.RunAsync("generate", "a red ball", "--provider", "cuda");

        run.AssertFailed(5, "'cuda' needs the library libonnxruntime_providers_shared.so");
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Generate_UnknownProvider_ListsThoseThatThereAre()
    {
        CommandRun run = await _commands.RunAsync("generate", "a red ball", "--provider", "gpu");

        run.AssertFailed(2, "--provider must be one of auto, cpu, webgpu, cuda, tensorrt, but is 'gpu'");
    }

    [SkippableFact]
    public async Task Generate_SeedOfTheLastRun_MakesTheSameVideoAgain()
    {
        // The tiny transformer was made for 1000 timesteps: with 2000 it goes half the way, and noise is left in the frames.
        _commands.ChangeScheduler("""{ "_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 2000, "shift": 1.0 }""");
        CommandRun first = await _commands.RunAsync("generate", "ball", "--json", "-o", "1.mp4");
        string seed = JsonNode.Parse(first.Output)!["seed"]!.ToString();

        await _commands.RunAsync("generate", "ball", "-o", "2.mp4", "--seed", seed);
        await _commands.RunAsync("generate", "ball", "-o", "3.mp4", "--seed", seed + "1");

        byte[] made = File.ReadAllBytes(_commands.InWork("1.mp4"));
        Assert.Equal(made, File.ReadAllBytes(_commands.InWork("2.mp4")));
        Assert.NotEqual(made, File.ReadAllBytes(_commands.InWork("3.mp4")));
    }

    [SkippableFact]
    public async Task Generate_NegativePromptEqualToThePrompt_LeavesNothingToGuide()
    {
        await _commands.RunAsync("generate", "red ball", "-o", "plain.mp4", "--guidance", "1");
        await _commands.RunAsync("generate", "red ball", "-o", "same.mp4", "--guidance", "4", "--negative", "red ball");
        await _commands.RunAsync("generate", "red ball", "-o", "other.mp4", "--guidance", "4", "--negative", "blue");

        byte[] plain = File.ReadAllBytes(_commands.InWork("plain.mp4"));
        Assert.All(plain.Zip(File.ReadAllBytes(_commands.InWork("same.mp4"))), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        Assert.NotEqual(plain, File.ReadAllBytes(_commands.InWork("other.mp4")));
    }

    [SkippableFact]
    public async Task Generate_PackOption_WinsOverTheVariable()
    {
        _commands.Set("SEEDANCE_PACK", "nowhere");

        CommandRun run = await _commands.RunAsync("generate", "ball", "--pack", _commands.Pack);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [SkippableFact]
    public async Task Generate_PromptThatLooksLikeSomethingElse_IsAPrompt()
    {
        CommandRun responseFile = await _commands.RunAsync("generate", "@ball", "--seed", "1");
        CommandRun dashes = await _commands.RunAsync("generate", "--seed", "1", "--", "--ball--");
        CommandRun shots = await _commands.RunAsync("generate", "[Shot 1] ball. [Shot 2] ball", "--seed", "1");

        Assert.Equal((0, 0, 0), (responseFile.ExitCode, dashes.ExitCode, shots.ExitCode));
        Assert.Equal(["ball-1-2.mp4", "ball-1.mp4", "shot-1-ball-shot-2-ball-1.mp4"], _commands.Names);
    }

    [SkippableFact]
    public async Task Generate_NamedFileThatExists_IsReplaced()
    {
        File.WriteAllText(_commands.InWork("clip.mp4"), "old");

        await _commands.RunAsync("generate", "ball", "-o", "clip.mp4");

        Assert.Equal(5 * 48 * 32 * 3, new FileInfo(_commands.InWork("clip.mp4")).Length);
    }

    [SkippableFact]
    public async Task Generate_OnATerminal_ShowsEachStageAndClearsTheLine()
    {
        CommandRun run = await _commands.RunAsync(new StringWriter(), showProgress: true, CancellationToken.None, "generate", "ball");

        Assert.All(["\ropening the pack", "\r2/4 denoising", "\r3/4 decoding", "\r4/4 writing the file"], shown => Assert.Contains(shown, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', run.Error);
        Assert.EndsWith(" \r", run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Generate_RealFFmpeg_MakesAVideoThatPlays()
    {
        _commands.UseRealFFmpeg();

        CommandRun run = await _commands.RunAsync("generate", "a red ball", "-o", "红.mp4", "--seed", "7");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        VideoInfo video = await new VideoReader(FFmpegTool.Find()).ProbeAsync(_commands.InWork("红.mp4"));
        Assert.Equal((new VideoSize(48, 32), 5, 8.0, "h264"), (video.Size, video.FrameCount, video.FrameRate.FramesPerSecond, video.Codec));
        Assert.Equal("a red ball", video.Metadata["title"]);
    }

    private static int Int(JsonElement report, string name) => report.GetProperty(name).GetInt32();

    /// <summary>What the file says about how it was made.</summary>
    private (string? Solver, int Steps, string? Guidance, string? Shift) Settings()
    {
        string comment = _commands.FFmpegArguments.Split('\n').Single(argument => argument.StartsWith("comment=", StringComparison.Ordinal));
        JsonNode settings = JsonNode.Parse(comment["comment=".Length..])!;
        return ((string?)settings["solver"], (int)settings["steps"]!, settings["guidance"]!.ToJsonString(), settings["shift"]!.ToJsonString());
    }
}
