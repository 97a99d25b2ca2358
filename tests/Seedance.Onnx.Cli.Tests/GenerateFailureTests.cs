using System.Text.Json.Nodes;

namespace Seedance.Onnx.Cli;

/// <summary>generate with everything that can be wrong: one clear line, the right exit code, and nothing half-written.</summary>
[Trait("Tier", "Graph")]
public sealed class GenerateFailureTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableTheory]
    [InlineData("", "Prompt must say what the video shows, but is empty.")]
    [InlineData("  \t ", "Prompt must say what the video shows, but is empty.")]
    public async Task Generate_EmptyPrompt_IsRefused(string prompt, string problem)
    {
        await AssertFailsAsync(2, [problem], prompt);
    }

    [SkippableTheory]
    [InlineData(47, "Prompt must be at most 48 tokens, but has 50.")]
    [InlineData(769, "Prompt must be at most 48 tokens (never more than 768 characters), but has 769 characters.")]
    public async Task Generate_PromptTooLong_IsRefused(int letters, string problem)
    {
        await AssertFailsAsync(2, [problem], new string('a', letters));
    }

    [SkippableTheory]
    [InlineData("--resolution 50x32", "Width must be a multiple of 16 pixels up to 8192, but is 50. The nearest is 48")]
    [InlineData("--resolution 48x99999", "Height must be a multiple of 16 pixels up to 8192, but is 99999.")]
    [InlineData("--resolution 48x32 --ratio 16:9", "Ratio must be left out when Width and Height are given")]
    [InlineData("--frames 6", "Frames must be 1 + a multiple of 4, up to 17, but is 6. The nearest is 5.")]
    [InlineData("--frames 21", "Frames must be 1 + a multiple of 4, up to 17, but is 21.")]
    [InlineData("--frames -3", "Frames must be 1 + a multiple of 4, up to 17, but is -3.")]
    [InlineData("--duration 0", "Duration must be above 0 and up to 2.125 seconds")]
    [InlineData("--duration 60", "Duration must be above 0 and up to 2.125 seconds")]
    [InlineData("--frames 5 --duration 1", "Duration must be left out when Frames is given")]
    [InlineData("--steps 0", "Steps must be from 1 to 1000, but is 0.")]
    [InlineData("--guidance -1", "Guidance must be from 0 to 100, but is -1.")]
    [InlineData("--shift 0", "Shift must be above 0 and up to 1000, but is 0.")]
    [InlineData("--noise-scale 0", "NoiseScale must be above 0 and up to 2, but is 0.")]
    [InlineData("--noise-scale 2.1", "NoiseScale must be above 0 and up to 2, but is 2.1.")]
    [InlineData("-o clip.avi", "must end in .mp4, .webm, .gif, or in / for a folder of PNG pictures, but ends in .avi.")]
    [InlineData("-o clip", "must end in .mp4, .webm, .gif, or in / for a folder of PNG pictures, but has no extension.")]
    public async Task Generate_RequestThatThePackCannotCarryOut_IsRefused(string options, string problem)
    {
        await AssertFailsAsync(2, [problem], ["ball", .. options.Split(' ')]);
    }

    [SkippableFact]
    public async Task Generate_SeveralProblems_AreToldAtOnce()
    {
        await AssertFailsAsync(2, ["Width must be", "Frames must be", "Steps must be"], "ball", "--resolution", "50x32", "--frames", "6", "--steps", "0");
    }

    [SkippableFact]
    public async Task Generate_UnknownPack_IsAPackError()
    {
        await AssertFailsAsync(3, ["the folder must exist, but does not."], "ball", "--pack", "nowhere");
    }

    [SkippableFact]
    public async Task Generate_NoPackAnywhere_SaysHowToNameOne()
    {
        _commands.Set("SEEDANCE_PACK", "");

        await AssertFailsAsync(3, ["Name a pack with --pack, or set SEEDANCE_PACK."], "ball");
    }

    [SkippableFact]
    public async Task Generate_UnknownKeyInThePack_IsNamed()
    {
        _commands.ChangeContract(contract => contract["video"]!["framerate"] = 8);

        await AssertFailsAsync(3, ["$.video.framerate"], "ball");
    }

    [SkippableFact]
    public async Task Generate_MissingFileOfThePack_IsNamed()
    {
        File.Delete(Path.Combine(_commands.Pack, "vae_decoder", "model.onnx"));

        await AssertFailsAsync(3, ["'vae_decoder/model.onnx' must be in the pack, but is missing."], "ball");
    }

    [SkippableFact]
    public async Task Generate_AlteredFileOfThePack_IsNamedWithBothSums()
    {
        string path = Path.Combine(_commands.Pack, "vae_decoder", "model.onnx");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);

        await AssertFailsAsync(3, ["'vae_decoder/model.onnx' must have sha256"], "ball");
    }

    [SkippableFact]
    public async Task Generate_GraphThatDiffersFromTheContract_IsNamedWithItsTensor()
    {
        _commands.ChangeContract(contract =>
        {
            JsonNode inputs = contract["graphs"]!["transformer"]!["inputs"]!;
            inputs["timestep"]!["name"] = "t";
            inputs["encoder_hidden_states"]!["shape"]![2] = 5;
        });

        CommandRun run = await _commands.RunAsync("generate", "ball");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("graph 'transformer' input 't' must be float32 [B]", run.Error, StringComparison.Ordinal);
        Assert.Contains("graph 'transformer' input 'encoder_hidden_states' must be float32 [B, S, 5], but the file has float32 [B, S, 4]", run.Error, StringComparison.Ordinal);
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Generate_GraphThatFailsWhileItRuns_IsARunError()
    {
        _commands.ChangeContract(contract =>
        {
            contract["latents"]!["spatial_stride"] = 16;
            contract["graphs"]!["vae_decoder"]!["outputs"]!["sample"]!["shape"] = new JsonArray("B", 3, "F", "Y", "X");
        });

        await AssertFailsAsync(4, ["Graph 'vae_decoder' failed: the frames must be [8, 32, 48, 3], but are [8, 16, 24, 3]. Correct the strides"], "ball");
    }

    [SkippableTheory]
    [InlineData("missing/clip.mp4", "must be in a folder that exists")]
    [InlineData("folder.mp4", "must be a file, but names a folder")]
    [InlineData("/proc/clip.mp4", "must be in a folder that can be written")]
    public async Task Generate_OutputThatCannotBeWritten_IsRefusedBeforeAnythingRuns(string output, string problem)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/proc is a folder that nobody can write to on Linux only.");
        Directory.CreateDirectory(_commands.InWork("folder.mp4"));

        CommandRun run = await _commands.RunAsync("generate", "ball", "-o", output);

        run.AssertFailed(4, problem);
        Assert.Equal(["folder.mp4"], _commands.Names);
        Assert.False(File.Exists(Path.Combine(_commands.Programs, "arguments")));
    }

    [SkippableFact]
    public async Task Generate_FFmpegMissing_SaysWhatToInstall()
    {
        _commands.Set("SEEDANCE_FFMPEG", "");
        _commands.Set("PATH", _commands.Pack);

        await AssertFailsAsync(5, ["FFmpeg must be installed, but no program 'ffmpeg' was found on PATH. Install FFmpeg (Debian and Ubuntu: apt-get"], "ball");
    }

    [SkippableFact]
    public async Task Generate_FullDisk_LeavesNothingAndKeepsTheOldFile()
    {
        _commands.SetFFmpeg("echo part > \"$OUT\"; cat > /dev/null; echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1");
        File.WriteAllText(_commands.InWork("clip.mp4"), "old");

        CommandRun run = await _commands.RunAsync("generate", "ball", "-o", "clip.mp4");

        run.AssertFailed(4, "must fit on its disk, but the disk is full.");
        Assert.Equal(["clip.mp4"], _commands.Names);
        Assert.Equal("old", File.ReadAllText(_commands.InWork("clip.mp4")));
    }

    [SkippableFact]
    public async Task Generate_FFmpegThatDies_IsARunError()
    {
        _commands.SetFFmpeg("echo part > \"$OUT\"; echo 'encoder exploded' >&2; exit 3");

        await AssertFailsAsync(4, ["encoder exploded"], "ball");
    }

    [SkippableTheory]
    [InlineData("opening the pack")]
    [InlineData("2/4 denoising")]
    [InlineData("2/4 denoising, ")]
    [InlineData("3/4 decoding")]
    [InlineData("4/4 writing the file")]
    [InlineData("4/4 writing the file, ")]
    public async Task Generate_CancelledAtAnyMoment_LeavesNothing(string moment)
    {
        _commands.SetFFmpeg("echo part > \"$OUT\"; while read -r line; do sleep 0.1; done");
        using CancellationTokenSource cancel = new();
        using CancellingWriter error = new(moment, cancel);

        CommandRun run = await _commands.RunAsync(
            error, showProgress: true, cancel.Token, "generate", "ball", "--json", "--frames", "17", "--resolution", "256x256", "--steps", "1000");

        Assert.True(cancel.IsCancellationRequested);
        Assert.Equal((130, ""), (run.ExitCode, run.Output));
        Assert.EndsWith("\rseedance: Cancelled; nothing was written.\n", run.Error, StringComparison.Ordinal);
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Generate_CancelledBeforeItBegins_DoesNothing()
    {
        CommandRun run = await _commands.RunAsync(new StringWriter(), showProgress: false, new CancellationToken(canceled: true), "generate", "ball");

        run.AssertFailed(130, "Cancelled; nothing was written.");
        Assert.Empty(_commands.Names);
    }

    private async Task AssertFailsAsync(int exitCode, string[] problems, params string[] args)
    {
        CommandRun run = await _commands.RunAsync(["generate", .. args]);

        run.AssertFailed(exitCode, problems);
        Assert.Empty(_commands.Names);
    }

    /// <summary>A terminal that presses Ctrl-C when it reads something.</summary>
    private sealed class CancellingWriter(string moment, CancellationTokenSource cancel) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.Contains(moment, StringComparison.Ordinal) == true)
            {
                cancel.Cancel();
            }
        }
    }
}
