using System.CommandLine;
using System.Security.Cryptography;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Cli;

/// <summary>seedance generate: a sentence becomes a video file.</summary>
internal sealed class GenerateCommand
{
    private readonly Argument<string> _prompt = new("PROMPT")
    {
        Description = "What the video shows, in quotes; English or Chinese for the pack that comes with this program.",
    };

    private readonly Option<string?> _output = TextOption.File(
        "--output", "FILE", "The video to write; its ending says how: .mp4, .webm or .gif. A file that exists is replaced. [default: named after prompt and seed]", "-o");

    private readonly Option<string?> _pack = TextOption.File(
        "--pack", "FOLDER", $"The model pack. [default: ${PackLocator.Variable}, else {PackLocator.DefaultPack}]");
    private readonly Option<VideoSize?> _resolution = TextOption.Size("--resolution", "The frame's size in pixels, such as 96x64. [default: the pack's]");
    private readonly Option<AspectRatio?> _ratio = TextOption.Ratio(
        "--ratio", "The frame's shape instead of its size, such as 16:9 or 1:1: the pack's nearest size is taken.");
    private readonly Option<TimeSpan?> _duration = TextOption.Seconds(
        "--duration", "How long the video plays: the pack's nearest length is taken. [default: the pack's]");
    private readonly Option<int?> _frames = TextOption.Count("--frames", "N", "The length in frames, instead of in seconds.");
    private readonly Option<ulong?> _seed = TextOption.Seed(
        "--seed", "Where the noise starts: the same seed and request make the same video. [default: random, and told]");
    private readonly Option<SolverKind?> _solver = TextOption.Solver("--solver", "How noise becomes a video, step by step. [default: the pack's]");
    private readonly Option<int?> _steps = TextOption.Count("--steps", "N", "Steps of the solver: fewer are faster, more are cleaner. [default: the pack's]");
    private readonly Option<double?> _guidance = TextOption.Number(
        "--guidance", "G", "How strictly the prompt is followed, 0 to 100; 1 is none, and twice as fast. [default: the pack's]");
    private readonly Option<double?> _shift = TextOption.Number(
        "--shift", "S", "The flow shift: above 1, more of the steps go to coarse structure. [default: the pack's]");
    private readonly Option<string?> _negative = TextOption.Text("--negative", "TEXT", "What guidance leads away from. [default: the pack's]");
    private readonly ExecutionChoice _execution = new();
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object about the file and what it took, and nothing else.");

    private readonly CommandHost _host;

    private GenerateCommand(CommandHost host)
    {
        _host = host;
    }

    public static Command Create(CommandHost host)
    {
        GenerateCommand generate = new(host);
        DocumentedCommand command = new(
            "generate",
            "Makes a video from a sentence.",
            "seedance generate \"a red ball moves to the right\" -o red.mp4",
            "seedance generate \"一个红色的球向右移动\" -o 红球.mp4",
            "seedance generate \"a blue fish moves up\" --duration 4 --ratio 1:1 --seed 7",
            "seedance generate \"a green star spins\" --steps 10 --solver unipc --json")
        {
            generate._prompt, generate._output, generate._pack, generate._resolution, generate._ratio, generate._duration, generate._frames, generate._seed,
            generate._solver, generate._steps, generate._guidance, generate._shift, generate._negative,
        };
        foreach (Option option in generate._execution.Options.Append(generate._json))
        {
            command.Add(option);
        }

        command.SetAction(generate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        long began = _host.Time.GetTimestamp();
        VideoRequest request = ReadRequest(parsed);
        string output = parsed.GetValue(_output) is { } named ? _host.FullPath(named) : OutputName.Choose(request.Prompt, request.Seed, _host.WorkingFolder);
        PipelineOptions options = new() { FFmpeg = _host.FFmpeg, Target = _execution.ReadTarget(parsed), Host = _execution.ReadSettings(parsed, _host) };
        string packFolder = PackLocator.Find(parsed.GetValue(_pack), _host);

        Check(request, packFolder, output, options);
        using ProgressLine progress = new(_host.ShowsProgress ? _host.Error : null, _host.Time);
        progress.Show("opening the pack");
        VideoPipeline pipeline = await VideoPipeline.OpenAsync(packFolder, options, cancellationToken).ConfigureAwait(false);
        await using (pipeline.ConfigureAwait(false))
        {
            VideoFile file = await pipeline.GenerateAsync(request, progress, cancellationToken).SaveAsync(output, cancellationToken).ConfigureAwait(false);
            GenerationReport report = GenerationReport.Of(file, _host.Time.GetElapsedTime(began));
            progress.Dispose();
            _host.Output.WriteLine(parsed.GetValue(_json) ? report.ToJson() : report.ToText(_host));
        }

        return ExitCode.Done;
    }

    /// <summary>Says what can be known to fail before anything is loaded, which takes a second or more.</summary>
    private static void Check(VideoRequest request, string packFolder, string output, PipelineOptions options)
    {
        _ = VideoFormat.FromPath(output);
        _ = GenerationPlan.Create(request, ModelPack.Open(packFolder));
        _ = FFmpegTool.Find(options.FFmpeg);
        VideoWriter.CheckWritable(output);
    }

    private VideoRequest ReadRequest(ParseResult parsed)
    {
        VideoSize? size = parsed.GetValue(_resolution);
        return new VideoRequest
        {
            Prompt = parsed.GetValue(_prompt)!,
            NegativePrompt = parsed.GetValue(_negative),
            Width = size?.Width,
            Height = size?.Height,
            Ratio = parsed.GetValue(_ratio),
            Frames = parsed.GetValue(_frames),
            Duration = parsed.GetValue(_duration),
            Seed = parsed.GetValue(_seed) ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue),
            Solver = parsed.GetValue(_solver),
            Steps = parsed.GetValue(_steps),
            Guidance = parsed.GetValue(_guidance),
            Shift = parsed.GetValue(_shift),
        };
    }
}
