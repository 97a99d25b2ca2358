using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>One way through: text, images, denoising, decoding. Safe for several threads.</summary>
internal sealed class StageSequence(ModelPack pack, GraphSessions sessions)
{
    private readonly TextStage _text = new(sessions[GraphRoles.Tokenizer], sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens);
    private readonly ConditionStage _condition = new(pack.Contract.Latents, pack.Contract.TransformerChannels);
    private readonly DenoiseStage _denoise = new(sessions[GraphRoles.Transformer], pack.Contract.TransformerChannels);
    private readonly DecodeStage _decode = new(sessions[GraphRoles.VaeDecoder], pack.Contract.Latents);

    /// <summary>All stages up to the frames.</summary>
    /// <param name="run">What is made; latents that it has already are decoded as they are.</param>
    /// <param name="images">The plan's images in the order of its conditions, each of the video's size.</param>
    /// <param name="take">Gets the frames in order as they are decoded.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    public void MakeFrames(GenerationRun run, IReadOnlyList<VideoFrame> images, Action<VideoFrame> take, CancellationToken cancellationToken)
    {
        GenerationPlan plan = run.Plan;
        ReadOnlyMemory<float> latents = run.Latents ?? MakeLatents(run, images, cancellationToken);
        run.Events.Latents?.Invoke(new LatentClip(plan, pack, latents));
        using StageRun stage = new(run.Clock, GenerationStage.Decode);
        stage.Runs = _decode.Run(
            plan,
            latents.Span,
            frame =>
            {
                PipelineTelemetry.CountFrame();
                run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Decode, frame.Index + 1, plan.Frames));
                take(frame);
            },
            cancellationToken);
    }

    /// <summary>The stages up to denoising.</summary>
    /// <param name="run">What is made.</param>
    /// <param name="images">The plan's images in the order of its conditions, each of the video's size.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    /// <returns>Normalised latents, [C, f, h, w].</returns>
    public float[] MakeLatents(GenerationRun run, IReadOnlyList<VideoFrame> images, CancellationToken cancellationToken)
    {
        (GenerationPlan plan, GenerationEvents events) = (run.Plan, run.Events);
        using TextCondition text = RunText(run, cancellationToken);
        ImageCondition condition;
        if (images.Count > 0)
        {
            using StageRun stage = new(run.Clock, GenerationStage.Condition) { Runs = images.Count };
            condition = _condition.Run(plan, images, sessions.Need(GraphRoles.VaeEncoder), cancellationToken);
            events.Progress?.Report(new GenerationProgress(GenerationStage.Condition, images.Count, images.Count));
        }
        else
        {
            condition = _condition.Run(plan, images, encoder: null, cancellationToken);
        }

        Action<Sampler>? observer = events.Preview is { } preview ? NewPreview(plan, preview, cancellationToken).Observe : null;
        using StageRun denoising = new(run.Clock, GenerationStage.Denoise) { Runs = plan.Solver.Steps.Length };
        return _denoise.Run(plan, text, condition, observer, events.Progress, cancellationToken);
    }

    private TextCondition RunText(GenerationRun run, CancellationToken cancellationToken)
    {
        using StageRun stage = new(run.Clock, GenerationStage.Text) { Runs = 1 };
        TextCondition text = _text.Run(run.Plan.Branches, cancellationToken);
        run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Text, 1, 1));
        return text;
    }

    private PreviewStage NewPreview(GenerationPlan plan, IProgress<VideoFrame> preview, CancellationToken cancellationToken)
    {
        GraphSession decoder = sessions.Need(pack.Contract.FindGraph(GraphRoles.ThinVaeDecoder) is null ? GraphRoles.VaeDecoder : GraphRoles.ThinVaeDecoder);
        return new PreviewStage(new DecodeStage(decoder, pack.Contract.Latents), pack.Contract.Latents, plan, preview, cancellationToken);
    }
}
