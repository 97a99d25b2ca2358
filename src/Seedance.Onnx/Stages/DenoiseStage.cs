using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Noise becomes latents: one run of the step graph for each step of the solver's plan.</summary>
/// <param name="step">The step graph; borrowed.</param>
/// <param name="channels">What it reads beside the latents.</param>
/// <param name="second">The step graph of a pack's second transformer, which takes what the first takes; null where there is none. Borrowed.</param>
internal sealed class DenoiseStage(GraphSession step, TransformerChannels channels, GraphSession? second = null)
{
    /// <summary>Runs all steps.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="text">The features of the plan's captions; borrowed.</param>
    /// <param name="images">What the plan's images come to.</param>
    /// <param name="stage">Counts the runs; null for nobody.</param>
    /// <param name="observer">Sees the loop after every step; null for nobody.</param>
    /// <param name="progress">Told after every step; null for nobody.</param>
    /// <param name="cancellationToken">Stops the loop, inside a step too.</param>
    /// <returns>Normalised latents, [C, f, h, w] float32.</returns>
    public float[] Run(
        GenerationPlan plan, TextCondition text, ImageCondition images, StageRun? stage = null, Action<StepLoop>? observer = null, IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Dictionary<string, GraphTensor> conditions = new(StringComparer.Ordinal);
        try
        {
            UploadConditions(plan, text, images, conditions);
            using StepLoop loop = new(step, second, plan, conditions);
            while (!loop.IsDone)
            {
                loop.Advance(cancellationToken);
                observer?.Invoke(loop);
                progress?.Report(new GenerationProgress(GenerationStage.Denoise, loop.Done, plan.Solver.Steps.Length));
            }

            stage?.Count(loop.Runs, loop.InRuns);
            return loop.ReadLatents();
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
    private void UploadConditions(GenerationPlan plan, TextCondition text, ImageCondition images, Dictionary<string, GraphTensor> conditions)
    {
        LatentShape shape = plan.Latents;
        int branches = plan.Solver.Branches;
        using HostTensor frameShots = HostTensor.Allocate(ElementType.Int64, branches, shape.Frames);
        for (int branch = 0; branch < branches; branch++)
        {
            plan.CopyFrameShots(branch, frameShots.AsSpan<long>().Slice(branch * shape.Frames, shape.Frames));
        }

        foreach ((string name, GraphTensor tensor) in step.Contract.PickInputs(
            ("encoder_hidden_states", text.States), ("encoder_attention_mask", text.Mask), ("encoder_shot_ids", text.Shots), ("frame_shot_ids", frameShots)))
        {
            conditions.Add(name, step.Upload((HostTensor)tensor));
        }

        foreach (ChannelGroup group in channels.Groups.Where(group => group.Kind != ChannelKind.Noisy))
        {
            Upload(ComposedTensors.Of(group.Kind), group.Channels, shape.Frames, shape.Height, shape.Width);
        }

        if (images.FeatureShape is [var rows, var width])
        {
            Upload(ImageCondition.Features, rows, width);
        }

        void Upload(string input, params ReadOnlySpan<long> ofBranch)
        {
            using HostTensor given = HostTensor.Allocate(ElementType.Float32, [branches, .. ofBranch]);
            images.Fill(plan, input, given.AsSpan<float>());
            conditions.Add(input, step.Upload(given));
        }
    }
}
