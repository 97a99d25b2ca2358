using System.Diagnostics;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Noise becomes latents: one run of the step graph for each step of the solver's plan.</summary>
/// <param name="step">The step graph; borrowed.</param>
/// <param name="channels">What it reads beside the latents.</param>
internal sealed class DenoiseStage(GraphSession step, TransformerChannels channels)
{
    /// <summary>Runs all steps.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="text">The features of the plan's prompts; borrowed.</param>
    /// <param name="clock">Told what it took.</param>
    /// <param name="progress">Told after every step; null for nobody.</param>
    /// <param name="cancellationToken">Stops the loop, inside a step too.</param>
    /// <returns>Normalised latents, [C, f, h, w] float32.</returns>
    public float[] Run(GenerationPlan plan, TextCondition text, StageClock clock, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        Dictionary<string, GraphTensor> conditions = new(StringComparer.Ordinal);
        try
        {
            UploadConditions(plan, text, conditions);
            using StepLoop loop = new(step, plan.Solver, plan.Latents, plan.Seed, conditions);
            while (!loop.IsDone)
            {
                loop.Advance(cancellationToken);
                progress?.Report(new GenerationProgress(GenerationStage.Denoise, loop.Done, plan.Solver.Steps.Length));
            }

            float[] latents = loop.ReadLatents();
            clock.Add(GenerationStage.Denoise, began, loop.Runs, loop.InRuns);
            return latents;
        }
        finally
        {
            foreach (GraphTensor tensor in conditions.Values)
            {
                tensor.Dispose();
            }
        }
    }

    /// <summary>What stays the same over all steps goes to the device once.</summary>
    private void UploadConditions(GenerationPlan plan, TextCondition text, Dictionary<string, GraphTensor> conditions)
    {
        LatentShape shape = plan.Latents;
        using HostTensor noShots = Zeros(ElementType.Int64, plan.Solver.Branches, shape.Frames);
        foreach ((string name, GraphTensor tensor) in step.Contract.PickInputs(
            ("encoder_hidden_states", text.States), ("encoder_attention_mask", text.Mask), ("encoder_shot_ids", text.Shots), ("frame_shot_ids", noShots)))
        {
            conditions.Add(name, step.Upload((HostTensor)tensor));
        }

        foreach (ChannelGroup group in channels.Groups.Where(group => group.Kind != ChannelKind.Noisy))
        {
            // Nothing is given.
            using HostTensor nothing = Zeros(ElementType.Float32, 1, group.Channels, shape.Frames, shape.Height, shape.Width);
            conditions.Add(ComposedTensors.Of(group.Kind), step.Upload(nothing));
        }
    }

    private static HostTensor Zeros(ElementType type, params ReadOnlySpan<long> shape)
    {
        HostTensor zeros = HostTensor.Allocate(type, shape);
        zeros.AsBytes().Clear();
        return zeros;
    }
}
