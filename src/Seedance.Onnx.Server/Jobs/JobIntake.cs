using System.Data.Common;
using System.Security.Cryptography;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Where both APIs hand their requests in: they are planned, so that everything that is wrong is told at once, and on disk before the client hears of it.</summary>
internal sealed class JobIntake(GenerationPlanner planner, JobStore store, JobArrivals arrivals, JobFiles files, JobSignal signal, Readiness readiness, ServerMeter meter, ServerOptions options, TimeProvider time, ILogger<JobIntake> logger)
{
    // What the store and a few results need to be written.
    private const long LeastFreeBytes = 256L << 20;

    private const string NotDecoded = ", but is not: ";

    // By the logarithm of pixels: sizes of one resolution differ by a few per cent, resolutions by more than half.
    private const double SameResolution = 0.2;
    private static readonly TimeSpan LongestDecode = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan WhenFull = TimeSpan.FromSeconds(10);

    /// <summary>The contract of the pack that makes the videos.</summary>
    public PackContract Contract => planner.Pack.Contract;

    /// <summary>The longest video that is taken, in frames.</summary>
    public int LongestFrames => Math.Min(options.MaxFrames is { } most ? Contract.Latents.NearestFrames(most, most) : Contract.Video.MaxFrames, Contract.Video.LongestFrames);

    /// <summary>Takes a request in.</summary>
    /// <param name="draft">What is asked for.</param>
    /// <param name="owner">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The job, on disk; or the one that came with the same idempotency key before.</returns>
    /// <exception cref="RequestProblemException">It is refused.</exception>
    public async Task<VideoJob> SubmitAsync(JobDraft draft, string owner, CancellationToken cancellationToken)
    {
        RequireRoom();
        if (draft.IdempotencyKey is { } key && await store.FindByKeyAsync(owner, key, cancellationToken).ConfigureAwait(false) is { } before)
        {
            return RequireSame(before, draft);
        }

        VideoJob job = await PlanAsync(draft, owner, cancellationToken).ConfigureAwait(false);
        try
        {
            if (draft.Images.Count > 0)
            {
                files.Begin(job);
            }

            foreach ((OrderImage image, DraftImage given) in job.Order.Images.Zip(draft.Images))
            {
                await File.WriteAllBytesAsync(files.Image(job, image), given.Bytes, cancellationToken).ConfigureAwait(false);
            }

            VideoJob? added = await arrivals.AddAsync(job).ConfigureAwait(false);
            if (added is null)
            {
                meter.QueueWasFull();
                throw new RequestProblemException(ProblemKind.QueueFull, $"At most {options.MaxQueued} jobs may wait, and as many do. Ask again later.", retryAfter: WhenFull);
            }

            if (added.Id != job.Id)
            {
                files.Remove(job);
                return RequireSame(added, draft);
            }
        }
        catch (Exception error) when (error is not DbException)
        {
            files.Remove(job); // a store that was lost may have the job all the same; if not, the cleaner takes its files
            throw;
        }

        ServerLog.Came(logger, job.Id, owner, job.Order.Size.ToString(), job.Order.Frames);
        signal.Raise();
        return job;
    }

    private static VideoJob RequireSame(VideoJob before, JobDraft draft) => before.RequestSum == draft.RequestSum ? before : throw new RequestProblemException(
        ProblemKind.WrongState, "An Idempotency-Key must come with the same request each time, but this one came with another before. Use a new key.", "Idempotency-Key");

    private void RequireRoom()
    {
        if (readiness.Ends)
        {
            throw new RequestProblemException(ProblemKind.Unavailable, readiness.WhyNot!, retryAfter: WhenFull);
        }

        if (files.FreeBytes() < LeastFreeBytes)
        {
            throw new RequestProblemException(ProblemKind.Unavailable, "The disk must have room for results, but is full. Ask again later.", retryAfter: TimeSpan.FromMinutes(1));
        }
    }

    private async Task<VideoJob> PlanAsync(JobDraft draft, string owner, CancellationToken cancellationToken)
    {
        Dictionary<string, DraftImage> images = draft.Images.ToDictionary(image => image.Role, StringComparer.Ordinal);
        VideoRequest request = new()
        {
            Prompt = draft.Prompt,
            NegativePrompt = draft.NegativePrompt,
            Width = draft.Size?.Width,
            Height = draft.Size?.Height,
            Ratio = draft.Size is null ? draft.Ratio : null,
            Frames = draft.Frames,
            Duration = draft.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Seed = draft.Seed ?? (PromptText.Parse(draft.Prompt).Seed is null ? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue) : null),
            Steps = draft.Steps,
            Guidance = draft.Guidance,
            Shift = draft.Shift,
            Camera = draft.FixedCamera ? CameraMove.Fixed : null,
            FirstFrame = Source(OrderImage.FirstFrame),
            LastFrame = Source(OrderImage.LastFrame),
        };
        GenerationPlan plan = await PlanAsync(request, draft, cancellationToken).ConfigureAwait(false);
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new VideoJob
        {
            Id = draft.IdPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Owner = owner,
            Model = draft.Model,
            ServiceTier = draft.ServiceTier,
            CallbackUrl = draft.CallbackUrl,
            Status = JobStatus.Queued,
            Priority = draft.Priority,
            CreatedAt = now,
            UpdatedAt = now,
            Deadline = now + ((draft.ExpirySeconds ?? options.ExpirySeconds) * 1000L),
            IdempotencyKey = draft.IdempotencyKey,
            RequestSum = draft.RequestSum,
            Order = new VideoOrder
            {
                Prompt = draft.Prompt,
                NegativePrompt = draft.NegativePrompt,
                Width = plan.Size.Width,
                Height = plan.Size.Height,
                Frames = plan.Frames,
                Fps = plan.Fps,
                Seed = plan.Seed,
                Steps = draft.Steps,
                Guidance = draft.Guidance,
                Shift = draft.Shift,
                FixedCamera = draft.FixedCamera,
                Images = [.. draft.Images.Select(image => new OrderImage(image.Role, image.Parameter))],
                ReturnLastFrame = draft.ReturnLastFrame,
                InFrames = draft.Frames is not null,
                Ratio = draft.RatioName,
                RemixOf = draft.RemixOf,
                BaseUrl = draft.BaseUrl,
            },
        };

        ImageSource? Source(string role) => images.TryGetValue(role, out DraftImage? image) ? ImageSource.FromBytes(image.Bytes, image.Parameter) : null;
    }

    private async Task<GenerationPlan> PlanAsync(VideoRequest request, JobDraft draft, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(LongestDecode, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            GenerationPlan plan = await planner.PlanAsync(request, either.Token).ConfigureAwait(false);
            RequireAllowed(plan.Request, draft);
            if (draft.Lines is { } lines && SizeOf(lines, draft.Ratio ?? new AspectRatio(plan.Size.Width, plan.Size.Height)) is var size && size != plan.Size)
            {
                plan = await planner.PlanAsync(plan.Request with { Width = size.Width, Height = size.Height, Ratio = null }, either.Token).ConfigureAwait(false);
            }

            int most = options.MaxFramePixels ?? 4 * Contract.Video.Sizes.Max(Pixels);
            if (Pixels(plan.Size) > most && draft.Size is null)
            {
                // A flag of the prompt asked for it, and flags are weak.
                VideoSize usual = Contract.Video.Sizes[0];
                plan = await planner.PlanAsync(request with { Width = usual.Width, Height = usual.Height, Ratio = null }, either.Token).ConfigureAwait(false);
            }

            if (plan.Frames > LongestFrames && draft.Frames is null && draft.Seconds is null)
            {
                plan = await planner.PlanAsync(plan.Request with { Frames = LongestFrames, Duration = null }, either.Token).ConfigureAwait(false);
            }

            if (plan.Frames > LongestFrames)
            {
                string length = draft.ParameterNames[draft.Frames is null ? "Duration" : "Frames"];
                throw new RequestProblemException(ProblemKind.Invalid, draft.Frames is null
                    ? $"{length} must be up to {(double)LongestFrames / plan.Fps:0.###} seconds ({LongestFrames} frames at {plan.Fps} a second) on this server, but is {draft.Seconds:0.###}."
                    : $"{length} must be up to {LongestFrames} on this server, but is {plan.Frames}.", length);
            }

            string parameter = draft.ParameterNames["Width"];
            return Pixels(plan.Size) <= most ? plan : throw new RequestProblemException(
                ProblemKind.Invalid, $"{parameter} must be at most {most} pixels in all, but {plan.Size} is {Pixels(plan.Size)}. The pack was made for {string.Join(", ", Contract.Video.Sizes)}.", parameter);
        }
        catch (InvalidRequestException error)
        {
            throw new RequestProblemException([.. error.Problems.Select(problem => InWordsOf(draft, problem))]);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            throw new RequestProblemException(ProblemKind.OversizedImage, $"An image must be decoded in {LongestDecode.TotalSeconds} seconds, but was not. Use a smaller one.", draft.Images[0].Parameter);
        }
    }

    private static void RequireAllowed(VideoRequest measured, JobDraft draft)
    {
        RequestProblem[] problems = [.. from image in measured.Images
                                        where draft.ImageRules is { } rules && image.Size is { } size && !rules.Allow(size)
                                        select new RequestProblem(ProblemKind.Invalid, $"{image.Name} must have {draft.ImageRules}, but is {image.Size}.", image.Name)];
        if (problems.Length > 0)
        {
            throw new RequestProblemException(problems);
        }
    }

    /// <summary>Of the pack's sizes with about as many pixels as a 16:9 frame of so many lines the one of the nearest shape.</summary>
    private VideoSize SizeOf(int lines, AspectRatio ratio)
    {
        double wanted = Math.Log(lines * lines * 16.0 / 9.0), nearest = Contract.Video.Sizes.Min(Distance);
        return ratio.Nearest(Contract.Video.Sizes.Where(size => Distance(size) <= nearest + SameResolution));

        double Distance(VideoSize size) => Math.Abs(Math.Log(Pixels(size)) - wanted);
    }

    private static int Pixels(VideoSize size) => size.Width * size.Height;

    /// <summary>A problem of the plan begins with the name of a property; the client gets the name of its parameter for it.</summary>
    private static RequestProblem InWordsOf(JobDraft draft, string problem)
    {
        string word = problem.Split(' ', '.', '[')[0];
        if (draft.ParameterNames.TryGetValue(word, out string? parameter))
        {
            return new RequestProblem(ProblemKind.Invalid, parameter + problem[word.Length..], parameter);
        }

        DraftImage? image = draft.Images.FirstOrDefault(image => problem.Contains($"'{image.Parameter}'", StringComparison.Ordinal));
        ProblemKind kind = image is null ? ProblemKind.Invalid : problem.Contains("must be an image", StringComparison.Ordinal) ? ProblemKind.UnsupportedImage : ProblemKind.OversizedImage;

        // What FFmpeg said, addresses of its memory among it, is not for clients.
        int native = problem.IndexOf(NotDecoded, StringComparison.Ordinal);
        return new RequestProblem(kind, native < 0 ? problem : $"{problem[..native]}{NotDecoded[..^2]}. Use another file, or convert it first.", image?.Parameter);
    }
}
