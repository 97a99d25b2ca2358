using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>One graph of a pack, loaded and ready to run.</summary>
/// <remarks>
/// The opener disposes it; tensors and bindings that it made keep the native session alive until they are disposed too. Several threads may
/// run it at once, each with tensors and a binding of its own.
/// </remarks>
public sealed class GraphSession : IDisposable
{
    // A recorded run replays on the addresses it was recorded with, so that each binding has a recording of its own.
    private static int _recordings;

    private readonly Shared<NativeSession> _native;
    private bool _disposed;

    private GraphSession(Shared<NativeSession> native, GraphContract contract, ResolvedTarget target)
    {
        _native = native;
        Contract = contract;
        Target = target;
    }

    /// <summary>What goes in and out: the declared contract, without the optional tensors that the file lacks.</summary>
    public GraphContract Contract { get; }

    /// <summary>What the graph runs on. Nodes that the provider has no kernel for run on the CPU.</summary>
    public ResolvedTarget Target { get; }

    /// <summary>
    /// Loads a graph and compares every declared input and output (name, type, rank, fixed axes, equal letters) with the file. The operators
    /// of ONNX Runtime Extensions are known. Weights in other files must lie in the folder of the graph's file; no link leads out of it.
    /// </summary>
    /// <param name="folder">The pack's folder.</param>
    /// <param name="contract">The graph's contract; its file is relative to the folder.</param>
    /// <param name="target">What to run on.</param>
    /// <returns>The session; the caller disposes it.</returns>
    /// <exception cref="ModelPackException">The file is missing, cannot be loaded or differs from the contract; it lists every difference.</exception>
    /// <exception cref="ExecutionTargetException">The target or ONNX Runtime itself cannot be had here.</exception>
    public static GraphSession Open(string folder, GraphContract contract, ExecutionTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Open(folder, contract, target.Resolve());
    }

    /// <inheritdoc cref="Open(string, GraphContract, ExecutionTarget)"/>
    /// <param name="folder">The pack's folder.</param>
    /// <param name="contract">The graph's contract; its file is relative to the folder, or a full path to what was made of it.</param>
    /// <param name="target">What to run on.</param>
    /// <param name="engine">What TensorRT must know of the graph; the cache that made it must outlive the session. Nothing if not specified: shapes follow from the first run, and engines are not kept.</param>
    public static GraphSession Open(string folder, GraphContract contract, ResolvedTarget target, EngineSetup? engine = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(target);

        return Check(Load(folder, contract, target, engine), folder, contract, target);
    }

    /// <summary>Loads a graph that is in memory and in no file, and compares it with its contract.</summary>
    /// <param name="model">The graph as its file would be, with all weights inside; read, not kept.</param>
    /// <param name="folder">The folder of the pack that it was made from, for errors.</param>
    /// <param name="contract">The graph's contract.</param>
    /// <param name="target">What to run on.</param>
    /// <param name="engine">What TensorRT must know of the graph; the cache that made it must outlive the session. Nothing if not specified.</param>
    /// <returns>The session; the caller disposes it.</returns>
    /// <exception cref="ModelPackException">The graph cannot be loaded or differs from the contract; it lists every difference.</exception>
    /// <exception cref="ExecutionTargetException">ONNX Runtime itself cannot be had here, or the target's options do not go with the graph.</exception>
    public static GraphSession Open(byte[] model, string folder, GraphContract contract, ResolvedTarget target, EngineSetup? engine = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(target);

        NativeSession native = Load(folder, folder, contract, target, engine, options => new InferenceSession(model, options));
        return Check(native, folder, contract, target);
    }

    /// <summary>Makes a tensor in the memory of the device that this session runs on; its elements are not set yet.</summary>
    /// <param name="elementType">The type of its elements; not <see cref="ElementType.Text"/>.</param>
    /// <param name="shape">The length of each axis, outermost first; none for a scalar.</param>
    /// <returns>The tensor; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The type is text, or an axis is negative.</exception>
    /// <exception cref="GraphExecutionException">There is not enough memory.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    public DeviceTensor Allocate(ElementType elementType, params ReadOnlySpan<long> shape)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return NewTensor(elementType, [.. shape]);
    }

    /// <summary>Copies a tensor into the memory of the device that this session runs on.</summary>
    /// <param name="source">The tensor; borrowed for the call.</param>
    /// <returns>The copy; the caller disposes it.</returns>
    /// <exception cref="GraphExecutionException">There is not enough memory.</exception>
    /// <exception cref="ObjectDisposedException">The session or the tensor was disposed.</exception>
    public DeviceTensor Upload(HostTensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        DeviceTensor copy = Allocate(source.ElementType, [.. source.Shape]);
        try
        {
            copy.CopyFrom(source);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Makes a binding: tensors are bound to it once, and it runs many times without allocating.</summary>
    /// <param name="isRecorded">Whether its runs may be recorded as a CUDA graph where the target wants that; not for one that gets other tensors after it ran.</param>
    /// <returns>The binding; the caller disposes it.</returns>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    public GraphBinding CreateBinding(bool isRecorded = true)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Shared<NativeSession> session = _native.AddOwner();
        try
        {
            return new GraphBinding(session, Contract, session.Value.IsOnHost ? null : NewTensor, Target, Recording(isRecorded));
        }
        catch
        {
            session.Release();
            throw;
        }
    }

    /// <summary>Runs the graph once; the outputs are allocated by the run, in the host's memory, and the memory that it worked in is given back where the process holds more than <see cref="ResolvedTarget.KeptBytes"/>.</summary>
    /// <param name="inputs">Every declared input by its canonical name; borrowed for the run.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>The outputs; the caller disposes them.</returns>
    /// <exception cref="ArgumentException">An input is missing or unknown, or is not what the contract declares.</exception>
    /// <exception cref="GraphExecutionException">The graph failed, or an output is not what the contract declares.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session or an input was disposed.</exception>
    public GraphOutputs Run(IReadOnlyDictionary<string, GraphTensor> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ObjectDisposedException.ThrowIf(_disposed, this);
        TensorCheck check = new();
        RequireInputs(inputs, check);

        string[] inputNames = [.. Contract.Inputs.Select(tensor => tensor.FileName)];
        OrtValue[] inputValues = [.. Contract.Inputs.Select(tensor => inputs[tensor.Name].Value.Value)];
        string[] outputNames = [.. Contract.Outputs.Select(tensor => tensor.FileName)];
        using CancellableRun run = new(Target.RecordsRuns ? CancellableRun.NotRecorded : null, Target.GivesBack ? Target.Arenas : null);
        long began = Stopwatch.GetTimestamp();
        IDisposableReadOnlyCollection<OrtValue> values = run.Run(
            Contract.Role,
            static (call, options) => call.Session.Run(options, call.InputNames, call.InputValues, call.OutputNames),
            (_native.Value.Session, InputNames: inputNames, InputValues: inputValues, OutputNames: outputNames),
            cancellationToken);
        return CollectOutputs(values, check, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Frees the session: now, or with the last tensor or binding that it made.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _native.Release();
        }
    }

    private int? Recording(bool isRecorded) => !Target.RecordsRuns ? null : isRecorded ? Interlocked.Increment(ref _recordings) : CancellableRun.NotRecorded;

    private DeviceTensor NewTensor(ElementType elementType, long[] axes)
    {
        try
        {
            OrtValue value = HostTensor.NewValue(_native.Value.Allocator, elementType, axes);
            return new DeviceTensor(Keep(value), elementType, axes, _native.Value.IsOnHost);
        }
        catch (OnnxRuntimeException error)
        {
            string problem = $"a tensor {TensorShape.Describe(elementType, axes)} must fit into memory, but does not. Ask for a smaller or shorter video.";
            throw new GraphExecutionException(Contract.Role, problem, error);
        }
    }

    private static GraphSession Check(NativeSession native, string folder, GraphContract contract, ResolvedTarget target)
    {
        try
        {
            GraphCheck check = new(contract);
            GraphContract present = check.Compare(Describe(native.Session.InputMetadata), Describe(native.Session.OutputMetadata));
            return check.Problems.Count == 0
                ? new GraphSession(new Shared<NativeSession>(native), present, target)
                : throw new ModelPackException(folder, check.Problems);
        }
        catch
        {
            native.Dispose();
            throw;
        }
    }

    private static Dictionary<string, FileTensor> Describe(IReadOnlyDictionary<string, NodeMetadata> file) => file.ToDictionary(entry => entry.Key, entry => RuntimeTypes.Describe(entry.Value), StringComparer.Ordinal);

    private static NativeSession Load(string folder, GraphContract contract, ResolvedTarget target, EngineSetup? engine)
    {
        string path = Path.Combine(folder, contract.File);
        return File.Exists(path)
            ? Load(folder, Path.GetDirectoryName(path)!, contract, target, engine, options => new InferenceSession(path, options))
            : throw new ModelPackException(
                folder, $"file '{contract.File}' of graph '{contract.Role}' must be there, but is missing. Download or export the pack again.");
    }

    private static NativeSession Load(
        string folder, string graphFolder, GraphContract contract, ResolvedTarget target, EngineSetup? engine, Func<SessionOptions, InferenceSession> load)
    {
        using SessionOptions options = RuntimeEnvironment.CreateSessionOptions(target);
        try
        {
            ProviderSetup.Append(options, target, contract.Role, graphFolder, engine);
            return new NativeSession(load(options), ProviderSetup.DeviceMemory(target));
        }
        catch (OnnxRuntimeException error)
        {
            string problem = $"file '{contract.File}' of graph '{contract.Role}' must be a graph that ONNX Runtime can load on '{target.Provider.ToName()}', but it says: "
                + $"{error.Message.ReplaceLineEndings(" ")} Export it again.";
            throw new ModelPackException(folder, problem, error);
        }
    }

    private void RequireInputs(IReadOnlyDictionary<string, GraphTensor> inputs, TensorCheck check)
    {
        foreach (string name in inputs.Keys)
        {
            _ = TensorCheck.Find(Contract.Role, "input", Contract.Inputs, name);
        }

        foreach (TensorContract declared in Contract.Inputs)
        {
            if (!inputs.TryGetValue(declared.Name, out GraphTensor? tensor))
            {
                throw new ArgumentException($"The inputs of graph '{Contract.Role}' must have '{declared.Name}' ({declared}), but lack it.", nameof(inputs));
            }

            if ((TensorCheck.FindProblem(declared, tensor) ?? check.FindDisagreement(declared, tensor)) is { } problem)
            {
                throw new ArgumentException($"Graph '{Contract.Role}': {problem}", nameof(inputs));
            }
        }
    }

    private GraphOutputs CollectOutputs(IDisposableReadOnlyCollection<OrtValue> values, TensorCheck check, TimeSpan elapsed)
    {
        Dictionary<string, GraphTensor> tensors = new(StringComparer.Ordinal);
        for (int index = 0; index < values.Count; index++)
        {
            TensorContract declared = Contract.Outputs[index];
            long[] shape = values[index].GetTensorTypeAndShape().Shape;
            tensors.Add(declared.Name, declared.ElementType == ElementType.Text
                ? new StringTensor(Keep(values[index]), shape)
                : new HostTensor(Keep(values[index]), declared.ElementType, shape));
        }

        GraphOutputs outputs = new(tensors, elapsed);
        foreach (TensorContract declared in Contract.Outputs)
        {
            GraphTensor tensor = tensors[declared.Name];
            if ((TensorCheck.FindProblem(declared, tensor) ?? check.FindDisagreement(declared, tensor)) is { } problem)
            {
                outputs.Dispose();
                throw new GraphExecutionException(Contract.Role, $"{problem} Export the graph again.");
            }
        }

        return outputs;
    }

    private Shared<OrtValue> Keep(OrtValue value)
    {
        Shared<NativeSession> session = _native.AddOwner();
        return new Shared<OrtValue>(value, session.Release);
    }
}
