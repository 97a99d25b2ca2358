using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>One way through: text, images, denoising, decoding, upscaling. Safe for several threads.</summary>
/// <param name="pack">The pack.</param>
/// <param name="sessions">Its graphs; borrowed.</param>
/// <param name="memory">Says in which pieces a clip is decoded.</param>
internal sealed class StageSequence(ModelPack pack, GraphSessions sessions, MemoryModel memory)
{
    private readonly TextStage _text = new(sessions.Find(GraphRoles.Tokenizer), sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens);
    private readonly ConditionStage _condition = new(pack.Contract);
    private readonly DecodeStage _decode = new(sessions[GraphRoles.VaeDecoder], pack.Contract.Latents);

    /// <summary>All stages of a video's next window, up to the frames.</summary>
    /// <param name="video">What is made; latents that it has already are decoded as they are.</param>
    /// <param name="take">Gets the new frames in order as they are decoded.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    /// <exception cref="GraphExecutionException">A graph failed, or memory was not enough.</exception>
    public void MakeWindow(VideoRun video, Action<VideoFrame> take, CancellationToken cancellationToken)
    {
        string running = GraphRoles.Transformer;
        try
        {
            GenerationRun clip = video.Clip();
            ReadOnlyMemory<float> latents = clip.Latents ?? MakeLatents(clip, video.Text(texts => RunTexts(video.Whole, texts, cancellationToken)), video.Images(), cancellationToken);
            running = GraphRoles.VaeDecoder;
            video.Keep(pack, latents);
            Decode(video, clip, latents.Span, take, cancellationToken);
            video.Advance();
        }
        catch (OutOfMemoryException error)
        {
            throw new GraphExecutionException(running, "its tensors must fit into memory, but do not. Ask for a smaller or shorter video.", error);
        }
    }

    /// <summary>The stages up to denoising.</summary>
    /// <param name="run">What is made.</param>
    /// <param name="images">The plan's images in the order of its conditions, each of the video's size.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    /// <returns>Normalised latents, [C, f, h, w].</returns>
    public float[] MakeLatents(GenerationRun run, IReadOnlyList<VideoFrame> images, CancellationToken cancellationToken)
    {
        using TextCondition text = _text.Run(run.Plan.Branches, cancellationToken);
        return MakeLatents(run, text, images, cancellationToken);
    }

    private float[] MakeLatents(GenerationRun run, TextCondition text, IReadOnlyList<VideoFrame> images, CancellationToken cancellationToken)
    {
        (GenerationPlan plan, GenerationEvents events) = (run.Plan, run.Events);
        ImageCondition condition = images.Count > 0 ? Encode(run, images, cancellationToken) : ImageCondition.None;
        Action<StepLoop>? observer = events.Preview is { } preview ? NewPreview(plan, preview, cancellationToken).Observe : null;
        using StageRun stage = new(run.Clock, GenerationStage.Denoise);
        GraphSession transformer = sessions.Need(plan.Transformers.FirstOrDefault(role => role != GraphRoles.SecondTransformer) ?? GraphRoles.Transformer, cancellationToken);
        DenoiseStage denoise = new(transformer, pack.Contract.TransformerChannels, sessions.Find(GraphRoles.SecondTransformer));
        return denoise.Run(plan, text, condition, stage, observer, events.Progress, cancellationToken);
    }

    /// <summary>Scores a video that was made.</summary>
    /// <param name="plan">What was made.</param>
    /// <param name="frames">Its frames.</param>
    /// <param name="clock">Measures the stage.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public VideoScore Judge(GenerationPlan plan, IReadOnlyList<VideoFrame> frames, StageClock clock, CancellationToken cancellationToken)
    {
        using StageRun stage = new(clock, GenerationStage.Judge);
        using TextCondition text = _text.Run([plan.Branches[^1]], cancellationToken);
        return new RewardStage(sessions.Need(GraphRoles.Reward, cancellationToken)).Run(frames, text, plan.Seed, stage, cancellationToken);
    }

    /// <summary>S: the tokens of a plan's longest branch.</summary>
    public int CountTokens(GenerationPlan plan, CancellationToken cancellationToken)
    {
        using TextCondition text = _text.Run(plan.Branches, cancellationToken);
        return (int)text.States.Shape[1];
    }

    /// <summary>The captions of all windows, each set of shots once.</summary>
    private void RunTexts(GenerationRun run, Dictionary<(int FirstShot, int Shots), TextCondition> texts, CancellationToken cancellationToken)
    {
        using StageRun stage = new(run.Clock, GenerationStage.Text);
        foreach ((int index, PlannedWindow window) in run.Plan.Windows.Index())
        {
            if (!texts.ContainsKey((window.FirstShot, window.Shots)))
            {
                TextCondition text = _text.Run(run.Plan.ClipOf(index).Branches, cancellationToken);
                texts.Add((window.FirstShot, window.Shots), text);
                stage.Count(text.Runs, text.InRuns);
            }
        }

        run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Text, 1, 1, Window: 0, run.Plan.Windows.Length));
    }

    private ImageCondition Encode(GenerationRun run, IReadOnlyList<VideoFrame> images, CancellationToken cancellationToken)
    {
        using StageRun stage = new(run.Clock, GenerationStage.Condition);
        GraphSession? imageEncoder = pack.Contract.TakesImageFeatures ? sessions.Need(GraphRoles.ImageEncoder, cancellationToken) : null;
        ImageCondition condition = _condition.Run(run.Plan, images, sessions.Need(GraphRoles.VaeEncoder, cancellationToken), imageEncoder, stage, cancellationToken);
        run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Condition, images.Count, images.Count));
        return condition;
    }

    private void Decode(VideoRun video, GenerationRun clip, ReadOnlySpan<float> latents, Action<VideoFrame> take, CancellationToken cancellationToken)
    {
        using StageRun stage = new(clip.Clock, GenerationStage.Decode);
        using CascadeRun? larger = clip.Plan.Upscale == 1 ? null : NewCascade(video, clip, frame => take(video.Number(frame)), cancellationToken);
        DecodeStage decode = clip.Plan.Decoder == GraphRoles.VaeDecoder ? _decode : new DecodeStage(sessions.Need(clip.Plan.Decoder, cancellationToken), pack.Contract.Latents);
        decode.Run(clip.Plan, latents, memory.ChoosePieces(video.Whole.Plan), Told, stage, cancellationToken);
        if (video.IsLast)
        {
            larger?.End(cancellationToken);
        }

        stage.LeaveOut(larger?.Elapsed ?? TimeSpan.Zero);

        void Told(VideoFrame frame)
        {
            if (!video.TakeDecoded(frame))
            {
                return;
            }

            PipelineTelemetry.CountFrame();
            clip.Events.Progress?.Report(new GenerationProgress(GenerationStage.Decode, frame.Index + 1, clip.Plan.Frames));
            if (larger is null)
            {
                take(video.Number(frame));
                return;
            }

            larger.Add(frame, cancellationToken);
        }
    }

    private CascadeRun NewCascade(VideoRun video, GenerationRun clip, Action<VideoFrame> take, CancellationToken cancellationToken)
    {
        UpscaleChain chain = video.Chain ??= NewChain(clip.Plan, cancellationToken);
        return new CascadeRun(clip, video.Whole.Plan.Windows.Sum(window => window.NewFrames), chain.Stage, chain, take);
    }

    private UpscaleChain NewChain(GenerationPlan plan, CancellationToken cancellationToken)
    {
        CascadeContract cascade = pack.Contract.Cascade!;
        UpscaleStage stage = new(sessions.Need(GraphRoles.Upscaler, cancellationToken));
        int scale = stage.FindScale(cancellationToken);
        return scale == cascade.Scale
            ? new UpscaleChain(stage, scale, cascade.PassesTo(plan.Upscale)!.Value)
            : throw new ModelPackException(pack.Folder, $"cascade.scale in seedance.json must be {scale}, which is what graph '{GraphRoles.Upscaler}' does, but is {cascade.Scale}. Correct it.");
    }

    private PreviewStage NewPreview(GenerationPlan plan, IProgress<VideoFrame> preview, CancellationToken cancellationToken)
    {
        GraphSession decoder = sessions.Need(pack.Contract.FindGraph(GraphRoles.ThinVaeDecoder) is null ? GraphRoles.VaeDecoder : GraphRoles.ThinVaeDecoder, cancellationToken);
        return new PreviewStage(new DecodeStage(decoder, pack.Contract.Latents), pack.Contract.Latents, memory, plan, preview, cancellationToken);
    }
}
