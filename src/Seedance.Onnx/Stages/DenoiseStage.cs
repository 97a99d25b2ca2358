using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Noise becomes latents, or semantic tokens: one run of the step graph for each step of the solver's plan.</summary>
/// <param name="step">The step graph; borrowed.</param>
/// <param name="channels">What it reads beside the latents.</param>
/// <param name="second">The step graph of a pack's second transformer, which takes what the first takes; null where there is none. Borrowed.</param>
/// <param name="kind">What progress calls it.</param>
internal sealed class DenoiseStage(GraphSession step, TransformerChannels channels, GraphSession? second = null, GenerationStage kind = GenerationStage.Denoise)
{
    /// <summary>Runs all steps.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="text">The features of the plan's captions; borrowed.</param>
    /// <param name="images">What the plan's images come to.</param>
    /// <param name="semantics">The semantic tokens that the clip follows; null where the transformer follows none.</param>
    /// <param name="stage">Counts the runs; null for nobody.</param>
    /// <param name="observer">Sees the loop after every step; null for nobody.</param>
    /// <param name="progress">Told after every step; null for nobody.</param>
    /// <param name="cancellationToken">Stops the loop, inside a step too.</param>
    /// <returns>Normalised latents, [C, f, h, w] float32.</returns>
    public float[] Run(
        GenerationPlan plan, TextCondition text, ImageCondition images, SemanticTokens? semantics = null, StageRun? stage = null, Action<StepLoop>? observer = null, IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using StepConditions conditions = new(step, channels, plan, text, images, semantics);
        using StepLoop loop = new(step, second, plan, conditions);
        while (!loop.IsDone)
        {
            loop.Advance(cancellationToken);
            observer?.Invoke(loop);
            progress?.Report(new GenerationProgress(kind, loop.Done, loop.Count));
        }

        stage?.Count(loop.Runs, loop.InRuns, loop.Skipped);
        return loop.ReadLatents();
    }
}
