using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>
/// Makes one model of several: parts are added one by one, their inputs connected to values that are already there. What stays
/// unconnected becomes an input of the whole. Not safe for use by several threads at once.
/// </summary>
public sealed class ModelComposer
{
    private readonly OnnxModel _model;
    private readonly Dictionary<string, (OnnxValue Type, string Side)> _types = new(StringComparer.Ordinal);

    /// <summary>Starts a model without nodes.</summary>
    /// <param name="name">The name of the model and of its graph.</param>
    /// <param name="opset">The version of ONNX's own operators. Parts of an older version are raised to it; those of a newer one are refused.</param>
    public ModelComposer(string name, long opset)
    {
        _model = new OnnxModel(new OnnxGraph(name), opset) { Source = name };
    }

    /// <summary>The versions that all of some parts can be raised to: the newest of theirs.</summary>
    /// <param name="parts">The parts.</param>
    /// <returns>The version of ONNX's own operators.</returns>
    public static long OpsetFor(params ReadOnlySpan<OnnxModel> parts)
    {
        long newest = 0;
        foreach (OnnxModel part in parts)
        {
            newest = Math.Max(newest, part.Opsets.Version);
        }

        return newest;
    }

    /// <summary>Adds nodes between the parts.</summary>
    /// <param name="scope">What new nodes and values are named behind, for example "/solver".</param>
    /// <returns>A builder on the composed graph; good until the next part is added.</returns>
    public GraphBuilder Build(string scope) => new(_model.Graph, scope);

    /// <summary>Says what a value is that was made by <see cref="Build"/>, so that connections to it are checked.</summary>
    /// <param name="value">The value's name.</param>
    /// <param name="elementType">The type of its elements.</param>
    /// <param name="shape">Its axes, outermost first.</param>
    public void Describe(string value, OnnxElementType elementType, params ReadOnlySpan<OnnxDimension> shape) =>
        _types[value] = (new OnnxValue(value, elementType, shape), $"value '{value}'");

    /// <summary>Adds an input of the whole.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="elementType">The type of its elements.</param>
    /// <param name="shape">Its axes, outermost first.</param>
    /// <returns>Its name.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public string Input(string name, OnnxElementType elementType, params ReadOnlySpan<OnnxDimension> shape)
    {
        Build("").Input(name, elementType, shape);
        Describe(name, elementType, shape);
        return name;
    }

    /// <summary>Adds a part.</summary>
    /// <param name="part">The part; copied, not changed.</param>
    /// <param name="prefix">What its nodes and values are named behind, for example "transformer". Differs from part to part.</param>
    /// <param name="connections">Which of its inputs read which values that are already there. Its other inputs become inputs of the whole, under their own names.</param>
    /// <returns>The names that its outputs have in the whole, by the names they had.</returns>
    /// <exception cref="ModelFileException">A connection is not possible: both of its sides are named. Or the part cannot be raised to the whole's operators.</exception>
    public ImmutableDictionary<string, string> Add(OnnxModel part, string prefix, IReadOnlyDictionary<string, string> connections)
    {
        ArgumentNullException.ThrowIfNull(part);
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        ArgumentNullException.ThrowIfNull(connections);
        Check(part, prefix, connections);
        OnnxModel copy = Raised(part);
        Dictionary<string, string> names = new(connections, StringComparer.Ordinal);
        foreach (OnnxValue input in copy.Graph.RequiredInputs.Where(input => !connections.ContainsKey(input.Name)))
        {
            if (_model.Graph.Inputs.Any(other => other.Name == input.Name))
            {
                throw Refuse($"input '{input.Name}' of '{prefix}' must be connected or have a name of its own, but another part has an input '{input.Name}'. Connect it.");
            }

            names[input.Name] = input.Name;
            _model.Graph.Inputs.Add(input);
            _types[input.Name] = (input, $"input '{input.Name}' of '{prefix}'");
        }

        Merge(copy, prefix, name => names.TryGetValue(name, out string? known) ? known : names[name] = $"{prefix}/{name.TrimStart('/')}");
        foreach (OnnxValue output in part.Graph.Outputs)
        {
            _types[names[output.Name]] = (output, $"output '{output.Name}' of '{prefix}'");
        }

        return part.Graph.Outputs.ToImmutableDictionary(output => output.Name, output => names[output.Name]);
    }

    /// <summary>Makes a value an output of the whole.</summary>
    /// <param name="value">The value's name in the whole.</param>
    /// <param name="name">The output's name.</param>
    /// <param name="type">Type and shape; those of the part's output when null.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Output(string value, string name, OnnxValue? type = null)
    {
        if (value != name)
        {
            Build("").Rename(value, name);
        }

        OnnxValue described = type ?? (_types.TryGetValue(value, out (OnnxValue Type, string Side) known) ? known.Type : new OnnxValue(name, OnnxElementType.Undefined));
        _model.Graph.Outputs.Add(described.WithName(name));
    }

    /// <summary>Ends the composition: equal initialisers of different parts become one.</summary>
    /// <returns>The whole.</returns>
    public OnnxModel Finish()
    {
        Optimization.SharedInitializers.Share(_model);
        foreach (OnnxNode node in _model.Graph.AllNodes)
        {
            _model.Opsets.Require(node.Domain);
        }

        return _model;
    }

    private void Check(OnnxModel part, string prefix, IReadOnlyDictionary<string, string> connections)
    {
        List<string> problems = [];
        foreach ((string input, string value) in connections)
        {
            OnnxValue? declared = part.Graph.RequiredInputs.FirstOrDefault(other => other.Name == input);
            if (declared is null)
            {
                problems.Add($"Input '{input}' of '{prefix}' must exist to be connected to '{value}', but '{prefix}' has only {string.Join(", ", part.Graph.RequiredInputs)}. Map the name, or leave it out.");
            }
            else if (_types.TryGetValue(value, out (OnnxValue Type, string Side) given) && Mismatch(given.Type, declared) is { } why)
            {
                problems.Add($"Input '{input}' of '{prefix}' must fit {given.Side}, but {why}: the input is {declared.DescribeType()}, and {given.Side} is {given.Type.DescribeType()}. Export both parts to fit.");
            }
        }

        if (problems.Count > 0)
        {
            throw new ModelFileException(_model.Source, problems);
        }
    }

    private static string? Mismatch(OnnxValue given, OnnxValue wanted)
    {
        if (given.ElementType != wanted.ElementType && given.ElementType != OnnxElementType.Undefined && wanted.ElementType != OnnxElementType.Undefined)
        {
            return "the types differ";
        }

        if (given.Shape is not { } from || wanted.Shape is not { } to)
        {
            return null;
        }

        return from.Length != to.Length ? "the numbers of axes differ"
            : from.Zip(to).Any(pair => pair.First.Length is { } a && pair.Second.Length is { } b && a != b) ? "the shapes differ"
            : null;
    }

    private OnnxModel Raised(OnnxModel part)
    {
        OnnxModel copy = part.Copy();
        OpsetRaise.Raise(copy, _model.Opsets.Version);
        return copy;
    }

    private void Merge(OnnxModel part, string prefix, Func<string, string> rename)
    {
        foreach (OnnxFunction function in part.Functions)
        {
            if (_model.Functions.Any(other => (other.Domain, other.Name, other.Overload) == (function.Domain, function.Name, function.Overload)))
            {
                throw Refuse($"function '{function.Domain}.{function.Name}' of '{prefix}' must be the only one of its name, but another part has one. Export one of them without functions.");
            }

            _model.Functions.Add(function);
        }

        foreach ((string domain, long version) in part.Opsets)
        {
            if (_model.Opsets.Find(domain) is { } known && known != version)
            {
                throw Refuse($"operators of '{domain}' must be of one version, but are of {version} in '{prefix}' and of {known} in the parts before. Export the parts alike.");
            }

            _model.Opsets.Set(domain, version);
        }

        _model.IrVersion = Math.Max(_model.IrVersion, part.IrVersion);
        NodeNames.Rename(part.Graph, rename);
        foreach (OnnxNode node in part.Graph.AllNodes)
        {
            node.Name = node.Name.Length == 0 ? "" : $"/{prefix}/{node.Name.TrimStart('/')}";
        }

        foreach (OnnxNode node in part.Graph.Nodes)
        {
            _model.Graph.Nodes.Add(node);
        }

        foreach (OnnxTensor tensor in part.Graph.Initializers)
        {
            _model.Graph.Initializers.Set(tensor);
        }

        foreach (OnnxValue value in part.Graph.Values)
        {
            _model.Graph.Values.Add(value);
        }
    }

    private ModelFileException Refuse(string problem) => new(_model.Source, problem);
}
