namespace Seedance.Onnx.Ort;

/// <summary>What one run of a graph gave.</summary>
/// <remarks>Disposing it disposes its tensors.</remarks>
public sealed class GraphOutputs : IDisposable
{
    private readonly IReadOnlyDictionary<string, GraphTensor> _tensors;

    internal GraphOutputs(IReadOnlyDictionary<string, GraphTensor> tensors, TimeSpan elapsed = default)
    {
        _tensors = tensors;
        Elapsed = elapsed;
    }

    /// <summary>The time that the run took inside ONNX Runtime; 0 where nobody measured it.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Every output by its canonical name; owned by this.</summary>
    public IReadOnlyDictionary<string, GraphTensor> Tensors => _tensors;

    /// <summary>An output of numbers.</summary>
    /// <param name="name">Its canonical name.</param>
    /// <returns>The tensor; owned by this.</returns>
    /// <exception cref="ArgumentException">There is no such output, or it holds text.</exception>
    public HostTensor this[string name] => Find<HostTensor>(name);

    /// <summary>An output of text.</summary>
    /// <param name="name">Its canonical name.</param>
    /// <returns>The tensor; owned by this.</returns>
    /// <exception cref="ArgumentException">There is no such output, or it holds numbers.</exception>
    public StringTensor Text(string name) => Find<StringTensor>(name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GraphTensor tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private T Find<T>(string name)
        where T : GraphTensor =>
        _tensors.GetValueOrDefault(name) as T ?? throw new ArgumentException(
            $"The output must be one of {string.Join(", ", _tensors.Select(entry => $"{entry.Key} ({entry.Value})"))}, "
            + $"but is '{name}' as a {typeof(T).Name}.", nameof(name));
}
