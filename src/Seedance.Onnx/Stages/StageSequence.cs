using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>One way through: text, images, semantics, denoising, decoding, upscaling. Safe for several threads.</summary>
/// <param name="pack">The pack.</param>
/// <param name="sessions">Its graphs; borrowed.</param>
/// <param name="memory">Says in which pieces a clip is decoded.</param>
internal sealed class StageSequence(ModelPack pack, GraphSessions sessions, MemoryModel memory)
{
    private readonly TextStage _text = new(sessions.Find(GraphRoles.Tokenizer), sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens);
    private readonly ConditionStage _condition = ConditionStage.OfLatents(pack.Contract);
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
            ReadOnlyMemory<float> latents = clip.Latents ?? MakeLatents(
                clip, video.Text(texts => RunTexts(video.Whole, texts, cancellationToken)), video.Images(),
                video.Semantics(() => MakeSemantics(video.Whole with { Events = clip.Events }, video.AllImages(), cancellationToken)), cancellationToken);
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
        return MakeLatents(run, text, images, MakeSemantics(run, images, cancellationToken), cancellationToken);
    }

    /// <summary>The semantic tokens of all windows, sampled of all captions at once.</summary>
    /// <param name="run">The whole video.</param>
    /// <param name="images">All of its images, and the frame that it goes on from before them.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    /// <returns>The tokens; null where the transformer follows none.</returns>
    public SemanticTokens? MakeSemantics(GenerationRun run, IReadOnlyList<VideoFrame> images, CancellationToken cancellationToken)
    {
        if (run.Plan.Semantics is null)
        {
            return null;
        }

        GenerationRun clip = run with { Plan = run.Plan.SemanticClip() };
        using TextCondition text = RunText(clip, cancellationToken);
        SemanticsContract semantics = pack.Contract.Semantics!;
        bool sees = images.Count > 0 && pack.Contract.FindGraph(GraphRoles.SemanticEncoder) is not null && semantics.TransformerChannels.Count(ChannelKind.Condition) > 0;
        ImageCondition condition = sees ? Encode(clip, images, ConditionStage.OfTokens(semantics), GraphRoles.SemanticEncoder, features: false, cancellationToken) : ImageCondition.None;
        using StageRun stage = new(run.Clock, GenerationStage.Semantic);
        DenoiseStage denoise = new(sessions.Need(GraphRoles.SemanticTransformer, cancellationToken), semantics.TransformerChannels, kind: GenerationStage.Semantic);
        return SemanticTokens.Of(run.Plan, denoise.Run(clip.Plan, text, condition, semantics: null, stage, observer: null, run.Events.Progress, cancellationToken));
    }

    /// <summary>Reads the semantic tokens of a window off frames.</summary>
    /// <param name="run">The whole video.</param>
    /// <param name="index">Which window.</param>
    /// <param name="frames">Its frames, each of the video's size.</param>
    /// <param name="tokens">[C, f, h, w] of the whole video: where they go.</param>
    /// <param name="cancellationToken">Stops it between two nodes.</param>
    public void ReadSemantics(GenerationRun run, int index, IReadOnlyList<VideoFrame> frames, float[] tokens, CancellationToken cancellationToken)
    {
        using StageRun stage = new(run.Clock, GenerationStage.Semantic);
        GenerationPlan plan = run.Plan.SemanticClip();
        GraphSession encoder = sessions.Need(GraphRoles.SemanticEncoder, cancellationToken);
        float[] own = ConditionStage.OfTokens(pack.Contract.Semantics!).EncodeClip(plan, frames, encoder, stage, cancellationToken);
        PlannedWindow window = run.Plan.Windows[index];
        int area = plan.Latents.Height * plan.Latents.Width, length = window.LatentFrames * area;
        // The frame that a window goes on from has the token that it had at the end of the one before.
        int skip = window.GivenFrames > 0 ? area : 0;
        for (int channel = 0; channel < plan.Latents.Channels; channel++)
        {
            own.AsSpan((channel * length) + skip, length - skip).CopyTo(tokens.AsSpan((((channel * plan.Latents.Frames) + window.FirstLatentFrame) * area) + skip));
        }

        run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Semantic, index + 1, run.Plan.Windows.Length, Window: 0, run.Plan.Windows.Length));
    }

    private float[] MakeLatents(GenerationRun run, TextCondition text, IReadOnlyList<VideoFrame> images, SemanticTokens? semantics, CancellationToken cancellationToken)
    {
        (GenerationPlan plan, GenerationEvents events) = (run.Plan, run.Events);
        ImageCondition condition = images.Count > 0 ? Encode(run, images, _condition, GraphRoles.VaeEncoder, pack.Contract.TakesImageFeatures, cancellationToken) : ImageCondition.None;
        Action<StepLoop>? observer = events.Preview is { } preview ? NewPreview(plan, preview, cancellationToken).Observe : null;
        using StageRun stage = new(run.Clock, GenerationStage.Denoise);
        GraphSession transformer = sessions.Need(plan.Transformers.FirstOrDefault(role => role != GraphRoles.SecondTransformer) ?? GraphRoles.Transformer, cancellationToken);
        DenoiseStage denoise = new(transformer, pack.Contract.TransformerChannels, sessions.Find(GraphRoles.SecondTransformer));
        return denoise.Run(plan, text, condition, semantics, stage, observer, events.Progress, cancellationToken);
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

    /// <summary>The captions of the semantic tokens, which may have other branches than those of the latents.</summary>
    private TextCondition RunText(GenerationRun run, CancellationToken cancellationToken)
    {
        using StageRun stage = new(run.Clock, GenerationStage.Text);
        TextCondition text = _text.Run(run.Plan.Branches, cancellationToken);
        stage.Count(text.Runs, text.InRuns);
        return text;
    }

    private ImageCondition Encode(GenerationRun run, IReadOnlyList<VideoFrame> images, ConditionStage encode, string encoder, bool features, CancellationToken cancellationToken)
    {
        using StageRun stage = new(run.Clock, GenerationStage.Condition);
        GraphSession? imageEncoder = features ? sessions.Need(GraphRoles.ImageEncoder, cancellationToken) : null;
        ImageCondition condition = encode.Run(run.Plan, images, sessions.Need(encoder, cancellationToken), imageEncoder, stage, cancellationToken);
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
