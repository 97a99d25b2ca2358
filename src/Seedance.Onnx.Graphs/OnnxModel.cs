using Seedance.Onnx.Graphs.Schema;
using Seedance.Onnx.Graphs.Storage;

namespace Seedance.Onnx.Graphs;

/// <summary>
/// An ONNX model as data: read from a file, inspected, changed and written to another file. Large tensors stay in their files until
/// someone reads them, so that a model may be larger than memory. Not safe for use by several threads at once while it changes.
/// </summary>
public sealed class OnnxModel
{
    private readonly ModelProto _message;
    private readonly List<OnnxFunction> _functions = [];

    /// <summary>Makes a model around a graph.</summary>
    /// <param name="graph">The graph; held as it is, not copied.</param>
    /// <param name="opset">The version of ONNX's own operators.</param>
    /// <param name="irVersion">The version of the file format. If not specified, 9, which every runtime of the last years reads.</param>
    public OnnxModel(OnnxGraph graph, long opset, long irVersion = 9)
        : this(new ModelProto { IrVersion = irVersion, ProducerName = "Seedance.Onnx.Graphs" }, graph, "model")
    {
        Opsets.Set(OpsetImports.Onnx, opset);
    }

    /// <summary>Takes a message without graph, functions, opsets and metadata, and the graph.</summary>
    internal OnnxModel(ModelProto message, OnnxGraph graph, string source)
    {
        _message = message;
        Graph = graph;
        Source = source;
    }

    /// <summary>The file that the model was read from, or the name it was given; errors show it.</summary>
    public string Source { get; set; }

    /// <summary>The version of the file format.</summary>
    public long IrVersion
    {
        get => _message.IrVersion;
        set => _message.IrVersion = value;
    }

    /// <summary>The tool that made the model; may be empty.</summary>
    public string ProducerName
    {
        get => _message.ProducerName;
        set => _message.ProducerName = value;
    }

    /// <summary>The version of that tool; may be empty.</summary>
    public string ProducerVersion => _message.ProducerVersion;

    /// <summary>What its maker says about it; may be empty.</summary>
    public string Description => _message.DocString;

    /// <summary>The main graph.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Operators that the model brings along.</summary>
    public IList<OnnxFunction> Functions => _functions;

    /// <summary>The operator sets its nodes are from.</summary>
    public OpsetImports Opsets { get; } = new();

    /// <summary>Free texts by key, in the file's order.</summary>
    public OrderedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    internal ModelProto Message => _message;

    /// <summary>Reads a model. Tensors above <see cref="OnnxReadOptions.LargeTensorBytes"/>, and those in other files, are located and not read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits; the defaults when null.</param>
    /// <returns>The model. The files must stay as they are while it is used.</returns>
    /// <exception cref="ModelFileException">The file is missing or malformed, or a file with its tensors is missing or lies outside its folder.</exception>
    public static OnnxModel Load(string path, OnnxReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ModelReader.Load(path, options ?? new OnnxReadOptions());
    }

    /// <summary>Reads a model from memory. It cannot have tensors in other files.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="source">What errors call the model. If not specified, "model".</param>
    /// <param name="options">Limits; the defaults when null.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ModelFileException">The content is malformed.</exception>
    public static OnnxModel Parse(byte[] bytes, string source = "model", OnnxReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return ModelReader.Parse(bytes, source, options ?? new OnnxReadOptions());
    }

    /// <summary>Writes the model: first beside the target, then in its place, so that no half-written file is left.</summary>
    /// <param name="path">The file; none of those that the model still reads tensors from.</param>
    /// <param name="options">Where tensors go; the defaults when null.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left of it then.</param>
    /// <exception cref="ModelFileException">The target is a file that the model reads from, or the model is too large for one file.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Save(string path, OnnxWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelWriter.Save(this, path, options ?? new OnnxWriteOptions(), cancellationToken);
    }

    /// <summary>Writes the model with all tensors inside into memory.</summary>
    /// <returns>The file's content.</returns>
    /// <exception cref="ModelFileException">The model is too large for one file.</exception>
    public byte[] ToBytes()
    {
        using MemoryStream stream = new();
        ModelWriter.Write(this, stream);
        return stream.ToArray();
    }

    /// <summary>Copies the model, so that one may be changed and the other kept; tensors are shared, for they never change.</summary>
    /// <returns>The copy.</returns>
    public OnnxModel Copy()
    {
        OnnxModel copy = new(_message.Clone(), Graph.Copy(), Source);
        copy._functions.AddRange(_functions.Select(function => function.Copy()));
        copy.Opsets.CopyFrom(Opsets);
        foreach ((string key, string value) in Metadata)
        {
            copy.Metadata[key] = value;
        }

        return copy;
    }
}
