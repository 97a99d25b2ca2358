using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>Noise becomes latents: one run of the transformer graph and one small matrix product for each step of the solver's plan.</summary>
/// <param name="transformer">The graph; borrowed.</param>
/// <param name="second">The graph that stands in for it at low noise, in a pack with two experts; borrowed.</param>
/// <param name="channels">How their input is laid out.</param>
internal sealed class DenoiseStage(GraphSession transformer, GraphSession? second, TransformerChannels channels)
{
    /// <summary>Runs all steps. Once the tensors are bound, a step allocates nothing on the managed heap.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="text">The features of the plan's prompts; borrowed.</param>
    /// <param name="progress">Told after every step; null for nobody.</param>
    /// <param name="cancellationToken">Stops the loop, inside a step too.</param>
    /// <returns>Normalised latents, [C, f, h, w] float32.</returns>
    public float[] Run(GenerationPlan plan, TextCondition text, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        LatentShape shape = plan.Latents;
        int branches = plan.Solver.Branches, length = checked((int)shape.Length);
        using HostTensor hidden = HostTensor.Allocate(ElementType.Float32, branches, channels.Total, shape.Frames, shape.Height, shape.Width);
        using HostTensor velocity = HostTensor.Allocate(ElementType.Float32, branches, shape.Channels, shape.Frames, shape.Height, shape.Width);
        using HostTensor timestep = HostTensor.Allocate(ElementType.Float32, branches);
        using HostTensor noShots = HostTensor.Allocate(ElementType.Int64, branches, shape.Frames);
        hidden.AsSpan<float>().Clear(); // mask and condition channels: nothing is given
        noShots.AsSpan<long>().Clear();

        // What stays the same over all steps goes to the device once.
        using DeviceTensor states = Upload(text.States), mask = Upload(text.Mask), shots = Upload(text.Shots), frameShots = Upload(noShots);

        (string Name, GraphTensor Tensor)[] tensors =
        [
            ("hidden_states", hidden), ("timestep", timestep), ("encoder_hidden_states", states), ("encoder_attention_mask", mask),
            ("encoder_shot_ids", shots), ("frame_shot_ids", frameShots),
        ];
        using GraphBinding binding = Bind(transformer, tensors, velocity);
        using GraphBinding? secondBinding = second is null ? null : Bind(second, tensors, velocity);

        TorchRandom random = new(plan.Seed);
        Sampler sampler = new(plan.Solver, length);
        float[] start = new float[length];
        random.FillNormal(start);
        sampler.Start(start);
        int noisyOffset = channels.Offset(ChannelKind.Noisy) * (length / shape.Channels), rowLength = checked((int)(hidden.ElementCount / branches));
        while (!sampler.IsDone)
        {
            string role = plan.Transformers[sampler.Done];
            bool isLast = sampler.Done + 1 == plan.Transformers.Length || plan.Transformers[sampler.Done + 1] != role;
            GraphBinding current = role == GraphRoles.SecondTransformer ? secondBinding! : binding;
            Step(sampler, random, hidden, timestep, velocity, current, isLast, noisyOffset, rowLength, cancellationToken);
            progress?.Report(new GenerationProgress(GenerationStage.Denoise, sampler.Done, plan.Solver.Steps.Length));
        }

        return sampler.Latents.ToArray();
    }

    private static GraphBinding Bind(GraphSession session, (string Name, GraphTensor Tensor)[] tensors, HostTensor velocity)
    {
        GraphBinding binding = session.CreateBinding();
        try
        {
            foreach ((string name, GraphTensor tensor) in session.Contract.PickInputs(tensors))
            {
                binding.BindInput(name, tensor);
            }

            binding.BindOutput("out_hidden_states", velocity);
            return binding;
        }
        catch
        {
            binding.Dispose();
            throw;
        }
    }

    private DeviceTensor Upload(HostTensor tensor)
    {
        DeviceTensor copy = transformer.Allocate(tensor.ElementType, [.. tensor.Shape]);
        try
        {
            copy.CopyFrom(tensor);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static void Step(
        Sampler sampler, TorchRandom random, HostTensor hidden, HostTensor timestep, HostTensor velocity, GraphBinding binding, bool isLast, int noisyOffset, int rowLength,
        CancellationToken cancellationToken)
    {
        SolverStep step = sampler.Current;
        int branches = step.Branches, length = sampler.Latents.Length;
        for (int branch = 0; branch < branches; branch++)
        {
            sampler.Latents.CopyTo(hidden.AsSpan<float>().Slice((branch * rowLength) + noisyOffset, length));
        }

        timestep.AsSpan<float>().Fill((float)step.Timestep);
        if (step.UsesNoise)
        {
            random.FillNormal(sampler.Noise);
        }

        binding.Run(isLast, cancellationToken);
        for (int branch = 0; branch < branches; branch++)
        {
            velocity.AsSpan<float>().Slice(branch * length, length).CopyTo(sampler.Velocity(branch));
        }

        sampler.Advance();
    }
}
