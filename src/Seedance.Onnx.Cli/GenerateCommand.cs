using System.CommandLine;
using System.Security.Cryptography;
using Seedance.Onnx.Media;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Cli;

/// <summary>seedance generate: words and images become a video file.</summary>
internal sealed class GenerateCommand
{
    private const int MostVideos = 1000;

    private readonly Option<string?> _pack = TextOption.File(
        "--pack", "FOLDER", $"The model pack. [default: ${PackLocator.Variable}, else {PackLocator.DefaultPack}]");
    private readonly Option<int?> _count = TextOption.Count("--count", "N", "How many videos to make, with seeds that follow one another; files are numbered. [default: 1]", 1, MostVideos);
    private readonly Option<int?> _bestOf = TextOption.Count("--best-of", "N", "Make N videos, with seeds that follow one another, and keep the one that the pack's reward graph likes best. [default: 1]", 2, MostVideos);
    private readonly Option<string?> _like = TextOption.File("--like", "VIDEO", "Make it as this video was made; what is written besides counts more. Images must be given again.");
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Tell what would be done and what memory it takes, and make nothing." };
    private readonly Option<string?> _preview = TextOption.File("--preview", "FILE", "A PNG file that shows the first frame while the video is being made.");
    private readonly Option<string?> _latents = TextOption.File("--keep-latents", "FILE", "Keep what is decoded in a file: seedance decode goes on from there.");
    private readonly ExecutionChoice _execution = new();
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object about the file and what it took, and nothing else.");

    private readonly CommandHost _host;
    private readonly RequestOptions _request;
    private readonly SaveOptions _save;

    private GenerateCommand(CommandHost host)
    {
        _host = host;
        _request = new RequestOptions(host);
        _save = new SaveOptions(host, required: false);
    }

    public static Command Create(CommandHost host)
    {
        GenerateCommand generate = new(host);
        DocumentedCommand command = new(
            "generate",
            "Makes a video from words, and from images if there are any.",
            "seedance generate \"a red ball moves to the right\" -o red.mp4",
            "seedance generate \"一个红色的球向右移动\" -o 红球.mp4",
            "seedance generate \"a blue fish moves up\" --duration 4 --ratio 1:1 --seed 7",
            "seedance generate \"[Shot 1] a green bird moves right. [Shot 2] the same bird, close, stays still\" --duration 4",
            "seedance generate \"the cat walks to the right\" --image cat.jpg --last-image end.jpg",
            "seedance generate \"the cat stays still\" --video cat.mp4 --duration 4",
            "seedance generate --storyboard film.json --dry-run",
            "seedance generate --prompts prompts.txt -o videos/video.mp4",
            "seedance generate --like red.mp4 --steps 50 -o better.mp4",
            "seedance generate \"a green star spins\" -o - | ffplay -f rawvideo -pixel_format rgb24 -video_size 96x64 -framerate 8 -")
        {
            generate._request.Prompt,
        };
        Option[] options =
        [
            .. generate._save.Options.Take(1), .. generate._request.Options, generate._count, generate._bestOf, generate._like, generate._dryRun, generate._preview, generate._latents,
            .. generate._save.Options.Skip(1), generate._pack, .. generate._execution.Options, generate._json,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        command.SetAction(generate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        long began = _host.Time.GetTimestamp();
        PipelineOptions options = new() { FFmpeg = _host.FFmpeg, Target = _execution.ReadTarget(parsed), Host = _execution.ReadSettings(parsed, _host) };
        GenerationRecord? like = parsed.GetValue(_like) is { } video ? await GenerationRecord.ReadAsync(_host.FullPath(video), options.FFmpeg, cancellationToken).ConfigureAwait(false) : null;
        int count = parsed.GetValue(_count) ?? 1;
        VideoRequest[] requests = [.. _request.Read(parsed, like?.Request).Select((request, index) => WithSeed(request with { Seed = unchecked(request.Seed + (ulong)index * (ulong)count) }))];
        options.Undistilled = requests.All(request => request.Undistilled);
        RequireImages(like, requests[0]);
        bool pipe = _save.IsPipe(parsed);
        if (!pipe)
        {
            _ = _save.Read(parsed, () => "named.mp4"); // an ending that names no format is told before the pack is looked for
        }

        string packFolder = PackLocator.Find(parsed.GetValue(_pack), _host);
        GenerationPlanner planner = GenerationPlanner.Open(packFolder, options);
        IReadOnlyList<GenerationPlan> plans = await PlanAsync(planner, requests, parsed.GetValue(_bestOf), cancellationToken).ConfigureAwait(false);
        if (parsed.GetValue(_dryRun))
        {
            PlanReport[] reports = [.. plans.Select(plan => PlanReport.Of(plan, planner.PlanMemory(plan, preview: parsed.GetValue(_preview) is not null), planner.PlanTime(plan)))];
            _host.Output.WriteLine(parsed.GetValue(_json) ? Json.WriteVideos(reports) : string.Join("\n\n", reports.Select(report => report.ToText())));
            return ExitCode.Done;
        }

        IEnumerable<string> notices = like is not null && like.PackSum != planner.Pack.Sum ? [$"'{parsed.GetValue(_like)}' was made by another pack, {like.Pack}: the video will be another too."] : [];
        GenerationPlan[] videos = [.. plans.SelectMany(plan => Enumerable.Range(0, count).Select(index => plan with { Seed = unchecked(plan.Seed + (ulong)index) }))];
        Job[] jobs = [.. videos.Select((plan, index) => NewJob(parsed, plan, videos.Length == 1 ? null : index + 1, pipe))];
        Check(jobs, options);
        using ProgressLine progress = new(_host.ShowsProgress ? _host.Error : null, _host.Time);
        progress.Show("opening the pack");
        VideoPipeline pipeline = await VideoPipeline.OpenAsync(packFolder, options, cancellationToken).ConfigureAwait(false);
        await using (pipeline.ConfigureAwait(false))
        {
            VideoOutput output = new(_host, progress, parsed.GetValue(_json), notices);
            foreach (Job job in jobs)
            {
                progress.Show(jobs.Length == 1 ? "opening the pack" : $"video {job.Number} of {jobs.Length}");
                PreviewFile? preview = job.Preview is { } file ? new PreviewFile(FFmpegTool.Find(options.FFmpeg), file) : null;
                GenerationEvents events = new() { Progress = progress, Preview = preview, Latents = job.Latents is { } latents ? clip => clip.Save(latents) : null };
                GeneratedVideo made = parsed.GetValue(_bestOf) is { } of
                    ? (await pipeline.ChooseAsync(job.Plan, of, events, cancellationToken).ConfigureAwait(false)).Video
                    : pipeline.GenerateAsync(job.Plan, events, cancellationToken);
                await output.WriteAsync(made, job.Saving, began, cancellationToken).ConfigureAwait(false);
                await (preview?.Written ?? Task.CompletedTask).ConfigureAwait(false);
                began = _host.Time.GetTimestamp();
            }

            output.End();
        }

        return ExitCode.Done;
    }

    /// <summary>Plans all videos, so that whatever is wrong with any of them is told before the first is made.</summary>
    private static async Task<IReadOnlyList<GenerationPlan>> PlanAsync(GenerationPlanner planner, VideoRequest[] requests, int? candidates, CancellationToken cancellationToken)
    {
        List<GenerationPlan> plans = [];
        List<string> problems = [];
        foreach ((int index, VideoRequest request) in requests.Index())
        {
            try
            {
                GenerationPlan plan = await planner.PlanAsync(request, cancellationToken).ConfigureAwait(false);
                if (candidates is { } many)
                {
                    planner.RequireChoice(many, plan);
                }

                plans.Add(plan);
            }
            catch (InvalidRequestException e)
            {
                problems.AddRange(e.Problems.Select(problem => requests.Length == 1 ? problem : $"Video {index + 1}: {problem}"));
            }
        }

        return problems.Count == 0 ? plans : throw new InvalidRequestException(problems);
    }

    private Job NewJob(ParseResult parsed, GenerationPlan plan, int? number, bool pipe) => new(
        number ?? 1,
        plan,
        pipe ? null : _save.Read(parsed, () => OutputName.Choose(PromptText.Parse(plan.Prompts[^1]).Words, plan.Seed, _host.WorkingFolder), number),
        parsed.GetValue(_preview) is { } preview ? SaveOptions.Numbered(_host.FullPath(preview), number) : null,
        parsed.GetValue(_latents) is { } latents ? SaveOptions.Numbered(_host.FullPath(latents), number) : null);

    /// <summary>Says what can be known to fail before anything is loaded, which takes a second or more.</summary>
    private static void Check(IReadOnlyList<Job> jobs, PipelineOptions options)
    {
        if (jobs is [{ Saving: null }, _, ..])
        {
            throw new InvalidRequestException([$"There must be one video with -o -, because frames of several would run into one another, but there are {jobs.Count}. Name a file."]);
        }

        if (jobs[0] is { Saving: not null } or { Preview: not null })
        {
            _ = FFmpegTool.Find(options.FFmpeg);
        }

        foreach (string path in jobs.SelectMany(job => new[] { job.Saving?.Path, job.Saving?.LastFramePath, job.Preview, job.Latents }).OfType<string>())
        {
            VideoWriter.CheckWritable(path);
        }
    }

    /// <summary>A seed that nobody gave is drawn; one that the prompt names stays open, so that the plan takes it.</summary>
    private static VideoRequest WithSeed(VideoRequest request) =>
        request.Seed is null && PromptText.Parse(request.Prompt).Seed is null ? request with { Seed = (ulong)RandomNumberGenerator.GetInt32(int.MaxValue) } : request;

    /// <summary>A video that was made with images can be repeated only with them.</summary>
    private static void RequireImages(GenerationRecord? like, VideoRequest request)
    {
        List<string> problems = [];
        foreach ((string kind, string name) in like?.Images ?? [])
        {
            (bool isThere, string option) = kind switch
            {
                GenerationRecord.InputVideo => (request.InputVideo is not null, "--video"),
                GenerationRecord.SemanticsOf => (request.SemanticsOf is not null, "--semantics-of"),
                "first_frame" => (request.FirstFrame is not null || request.Shots.Any(shot => shot.FirstFrame is not null), "--image"),
                "last_frame" => (request.LastFrame is not null, "--last-image"),
                _ => (request.Shots.Any(shot => shot.FirstFrame is not null), "--storyboard"),
            };
            if (!isThere)
            {
                problems.Add($"{option} must be given, because the video was made with '{name}' and images are not kept in videos, but is missing.");
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    /// <summary>One of the videos to make.</summary>
    private sealed record Job(int Number, GenerationPlan Plan, SaveRequest? Saving, string? Preview, string? Latents);
}
