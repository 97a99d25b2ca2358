using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>
/// A step graph bound for each branch alone, run for all of them at once, each on a thread of its own; the update follows on the host, so that it is for the processor alone.
/// A branch's run gives its velocity: its solver's matrix picks that.
/// </summary>
internal sealed class SideBySideLane : IStepLane
{
    private readonly Branch[] _branches;
    private readonly DeviceTensor[] _states;
    private readonly GraphTensor _noise;
    private readonly HostTensor _state, _next;
    private readonly float[] _velocities;

    /// <summary>Binds everything; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="keep">K: tensors that the solver keeps.</param>
    /// <param name="states">The two states, [K, C, f, h, w]; borrowed.</param>
    /// <param name="noise">Fresh noise, or zeros; borrowed.</param>
    /// <param name="conditions">The graph's other inputs, for each branch; borrowed.</param>
    public SideBySideLane(GraphSession graph, int keep, DeviceTensor[] states, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor>[] conditions)
    {
        (Graph, _states, _noise) = (graph, states, noise);
        _branches = new Branch[conditions.Length];
        try
        {
            long[] shape = [.. states[0].Shape];
            _state = HostTensor.Allocate(ElementType.Float32, shape);
            _next = HostTensor.Allocate(ElementType.Float32, shape);
            _velocities = new float[conditions.Length * (_state.ElementCount / keep)];
            for (int index = 0; index < _branches.Length; index++)
            {
                _branches[index] = new Branch(graph, keep, states, noise, conditions[index]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public GraphSession Graph { get; }

    /// <inheritdoc/>
    public int Runs { get; private set; }

    /// <inheritdoc/>
    public TimeSpan InRuns { get; private set; }

    /// <inheritdoc/>
    public void Run(SolverStep step, int from, bool isLast, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long began = Stopwatch.GetTimestamp();
        foreach (Branch branch in _branches)
        {
            branch.Prepare(step, from, isLast, cancellationToken);
        }

        foreach (Branch branch in _branches.AsSpan(1))
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(branch, preferLocal: false);
        }

        foreach (Branch branch in _branches)
        {
            branch.Execute(); // where nobody has begun it yet
        }

        foreach (Branch branch in _branches)
        {
            branch.Wait();
        }

        InRuns += Stopwatch.GetElapsedTime(began);
        foreach (Branch branch in _branches)
        {
            branch.ThrowIfFailed();
        }

        Update(step, from);
        Runs++;
    }

    public void Dispose()
    {
        // Some are not there yet where the constructor failed.
        foreach (Branch? branch in _branches)
        {
            branch?.Dispose();
        }

        _state?.Dispose();
        _next?.Dispose();
    }

    private void Update(SolverStep step, int from)
    {
        int length = _velocities.Length / _branches.Length;
        for (int index = 0; index < _branches.Length; index++)
        {
            _branches[index].Velocity[..length].CopyTo(_velocities.AsSpan(index * length));
        }

        GuidanceRescale.Apply(step, _velocities);
        _states[from].CopyTo(_state);
        step.Apply(_state.AsSpan<float>(), _velocities, step.UsesNoise ? ((HostTensor)_noise).AsSpan<float>() : [], _next.AsSpan<float>());
        _states[1 - from].CopyFrom(_next);
    }

    /// <summary>One branch: bound once for each state that it reads.</summary>
    private sealed class Branch : IThreadPoolWorkItem, IDisposable
    {
        private readonly GraphBinding[] _bindings = new GraphBinding[2];
        private readonly HostTensor _weights, _timestep, _guidance, _velocity;
        private readonly object _gate = new(); // not a Lock, which nobody can wait for
        private GraphBinding? _binding;
        private bool _hasEnded;
        private bool _isLast;
        private CancellationToken _cancellationToken;
        private ExceptionDispatchInfo? _failure;
        private int _isTaken = 1;

        public Branch(GraphSession graph, int keep, DeviceTensor[] states, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor> conditions)
        {
            try
            {
                _weights = HostTensor.Allocate(ElementType.Float32, keep, keep + 2);
                _weights.AsSpan<float>().Clear();
                _weights.AsSpan<float>()[keep] = 1; // the first tensor of what comes out is the velocity, the others are zeros
                _timestep = HostTensor.Allocate(ElementType.Float32, 1);
                _guidance = HostTensor.From<float>([1, 0], 1, 2);
                _velocity = HostTensor.Allocate(ElementType.Float32, [.. states[0].Shape]);
                for (int i = 0; i < _bindings.Length; i++)
                {
                    GraphBinding binding = _bindings[i] = graph.CreateBinding();
                    binding.BindInput(ComposedTensors.State, states[i]);
                    binding.BindInput(ComposedTensors.Weights, _weights);
                    binding.BindInput(ComposedTensors.Noise, noise);
                    binding.BindInput(ComposedTensors.Guidance, _guidance);
                    binding.BindInput("timestep", _timestep);
                    foreach ((string name, GraphTensor tensor) in conditions)
                    {
                        binding.BindInput(name, tensor);
                    }

                    binding.BindOutput(ComposedTensors.NextState, _velocity);
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>[C, f, h, w], and zeros behind it.</summary>
        public ReadOnlySpan<float> Velocity => _velocity.AsSpan<float>();

        /// <summary>Says what to run; from now on <see cref="Execute"/> does it once.</summary>
        public void Prepare(SolverStep step, int from, bool isLast, CancellationToken cancellationToken)
        {
            (_binding, _isLast, _cancellationToken, _failure) = (_bindings[from], isLast, cancellationToken, null);
            _timestep.AsSpan<float>()[0] = (float)step.Timestep;
            _hasEnded = false;
            Volatile.Write(ref _isTaken, 0);
        }

        /// <summary>Runs the branch unless somebody else does, or did. A thread of the pool may come to that after the step; it finds nothing to do, or begins the next one.</summary>
        public void Execute()
        {
            if (Interlocked.Exchange(ref _isTaken, 1) != 0)
            {
                return;
            }

            try
            {
                _binding!.Run(_isLast, _cancellationToken);
            }
#pragma warning disable CA1031 // It is thrown by the thread that waits.
            catch (Exception error)
#pragma warning restore CA1031
            {
                _failure = ExceptionDispatchInfo.Capture(error);
            }
            finally
            {
                lock (_gate)
                {
                    _hasEnded = true;
                    Monitor.Pulse(_gate);
                }
            }
        }

        /// <summary>Waits until the run has ended: a run that is cancelled or fails ends too.</summary>
        public void Wait()
        {
            lock (_gate)
            {
                while (!_hasEnded)
                {
                    Monitor.Wait(_gate);
                }
            }
        }

        public void ThrowIfFailed() => _failure?.Throw();

        public void Dispose()
        {
            // Some are not there yet where the constructor failed.
            foreach (GraphBinding? binding in _bindings)
            {
                binding?.Dispose();
            }

            _weights?.Dispose();
            _timestep?.Dispose();
            _guidance?.Dispose();
            _velocity?.Dispose();
        }
    }
}
