using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>
/// A solver's plan run by a step graph: one run a step. What the solver keeps stays on the device, in two tensors that take turns; the host sends a timestep,
/// a small matrix and the branches' weights, and noise where the plan adds any. Where a pack has two transformers, each step runs the graph of the one that the plan names. From the third step on a step allocates nothing on the managed heap.
/// </summary>
internal sealed class StepLoop : IDisposable
{
    private readonly SolverPlan _plan;
    private readonly ImmutableArray<string> _transformers;
    private readonly TorchRandom _random;
    private readonly DeviceTensor[] _states = new DeviceTensor[2];
    private readonly GraphBinding[] _bindings;
    private readonly HostTensor _weights;
    private readonly HostTensor _timestep;
    private readonly HostTensor _guidance;
    private readonly GraphTensor _noise;
    private readonly long[] _shape;

    /// <summary>Begins with noise; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="second">That of the second transformer, on the same device; null where there is none. Borrowed.</param>
    /// <param name="generation">Steps, shape and seed.</param>
    /// <param name="conditions">The graphs' other inputs, which stay the same over all steps; borrowed.</param>
    /// <exception cref="GraphExecutionException">There is not enough memory on the device.</exception>
    public StepLoop(GraphSession graph, GraphSession? second, GenerationPlan generation, IReadOnlyDictionary<string, GraphTensor> conditions)
    {
        (SolverPlan plan, LatentShape latents) = (generation.Solver, generation.Latents);
        _plan = plan;
        _transformers = generation.Transformers;
        _bindings = new GraphBinding[second is null ? 2 : 4];
        _random = new TorchRandom(generation.Seed);
        _shape = [plan.Keep, latents.Channels, latents.Frames, latents.Height, latents.Width];
        try
        {
            _weights = HostTensor.Allocate(ElementType.Float32, plan.Keep, plan.Steps[0].Columns);
            _timestep = HostTensor.Allocate(ElementType.Float32, plan.Branches);
            _guidance = HostTensor.Allocate(ElementType.Float32, 1, plan.Branches + 1);
            _noise = Noise(graph, plan.Steps.Any(step => step.UsesNoise));
            using (HostTensor start = HostTensor.Allocate(ElementType.Float32, _shape))
            {
                start.AsSpan<float>().Clear();
                _random.FillNormal(start.AsSpan<float>()[..checked((int)latents.Length)]);
                _states[0] = graph.Upload(start);
                _states[1] = graph.Allocate(ElementType.Float32, _shape);
            }

            for (int i = 0; i < _bindings.Length; i++)
            {
                GraphBinding binding = _bindings[i] = (i < 2 ? graph : second!).CreateBinding();
                binding.BindInput(ComposedTensors.State, _states[i % 2]);
                binding.BindInput(ComposedTensors.Weights, _weights);
                binding.BindInput(ComposedTensors.Noise, _noise);
                binding.BindInput("timestep", _timestep);
                binding.BindInput(ComposedTensors.Guidance, _guidance);
                foreach ((string name, GraphTensor tensor) in conditions)
                {
                    binding.BindInput(name, tensor);
                }

                binding.BindOutput(ComposedTensors.NextState, _states[1 - (i % 2)]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many steps are done.</summary>
    public int Done { get; private set; }

    /// <summary>Whether all steps are done.</summary>
    public bool IsDone => Done == _plan.Steps.Length;

    /// <summary>How often the graph ran.</summary>
    public int Runs => _bindings.Sum(binding => binding.Runs);

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => _bindings.Aggregate(TimeSpan.Zero, (sum, binding) => sum + binding.Elapsed);

    /// <summary>Does the next step.</summary>
    /// <param name="cancellationToken">Stops it inside the run; the loop cannot go on then.</param>
    public void Advance(CancellationToken cancellationToken)
    {
        SolverStep step = _plan.Steps[Done];
        step.CopyWeights(_weights.AsSpan<float>());
        step.CopyGuidance(_guidance.AsSpan<float>());
        _timestep.AsSpan<float>().Fill((float)step.Timestep);
        if (step.UsesNoise)
        {
            _random.FillNormal(((HostTensor)_noise).AsSpan<float>());
        }

        string transformer = _transformers[Done];
        bool isLast = Done == _plan.Steps.Length - 1 || _transformers[Done + 1] != transformer;
        _bindings[(transformer == GraphRoles.SecondTransformer ? 2 : 0) + (Done % 2)].Run(isLast, cancellationToken);
        Done++;
    }

    /// <summary>Copies the latents from the device.</summary>
    /// <returns>[C, f, h, w] float32, at the noise level of the next step; the result after the last.</returns>
    public float[] ReadLatents()
    {
        using HostTensor state = Read(_states[Done % 2]);
        return state.AsSpan<float>()[..checked((int)(state.ElementCount / _plan.Keep))].ToArray();
    }

    /// <summary>What the latents would come to by the step that was done last: a look at the clip while it is being made.</summary>
    /// <param name="destination">[C, f, h, w] float32: where the clean latents go.</param>
    public void PredictClean(Span<float> destination)
    {
        using HostTensor before = Read(_states[(Done - 1) % 2]), after = Read(_states[Done % 2]);
        SolverStep step = _plan.Steps[Done - 1];
        step.PredictClean(before.AsSpan<float>(), after.AsSpan<float>(), step.UsesNoise ? ((HostTensor)_noise).AsSpan<float>() : [], destination);
    }

    public void Dispose()
    {
        // Some are not there yet where the constructor failed.
        foreach (IDisposable? owned in _bindings.Concat<IDisposable?>(_states))
        {
            owned?.Dispose();
        }

        _weights?.Dispose();
        _timestep?.Dispose();
        _guidance?.Dispose();
        _noise?.Dispose();
    }

    private HostTensor Read(DeviceTensor state)
    {
        HostTensor copy = HostTensor.Allocate(ElementType.Float32, _shape);
        state.CopyTo(copy);
        return copy;
    }

    /// <summary>Where fresh noise goes before a step; zeros on the device for a plan that adds none, because the graph reads them in any case.</summary>
    private GraphTensor Noise(GraphSession graph, bool isUsed)
    {
        HostTensor noise = HostTensor.Allocate(ElementType.Float32, [1, .. _shape[1..]]);
        noise.AsSpan<float>().Clear();
        if (isUsed)
        {
            return noise;
        }

        using (noise)
        {
            return graph.Upload(noise);
        }
    }
}
