using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Networks of well-known papers, for images of 224 × 224. Their weights all lie in one file with holes: only their sizes matter.</summary>
internal sealed class KnownNetworks
{
    private readonly OnnxGraph _graph = new("network");
    private readonly GraphBuilder _builder;
    private readonly List<TensorProto> _weights = [];

    private KnownNetworks()
    {
        _builder = new GraphBuilder(_graph);
    }

    public static OnnxModel Build(string name, string path)
    {
        KnownNetworks network = new();
        string image = network._builder.Input("image", OnnxElementType.Float32, 1, 3, 224, 224);
        string y = name switch
        {
            "resnet50" => network.ResNet50(image),
            "vgg16" => network.Vgg16(image),
            "vit_b_16" => network.VisionTransformer(image),
            _ => network.MobileNetV2(image),
        };
        network._builder.Output(y, OnnxElementType.Float32, 1, 1000);
        return network.Finish(path);
    }

    /// <summary>Elements of the running means and variances of batch normalisation.</summary>
    public static long Statistics(OnnxModel model) => model.Graph.Nodes.Where(node => node.OpType == "BatchNormalization").Sum(node => 2 * model.Graph.Initializers.Find(node.Inputs[3])!.ElementCount);

    /// <summary>He et al., "Deep residual learning for image recognition", 2015: bottlenecks of 3, 4, 6 and 3 blocks; the stride is in the 3 × 3 convolution.</summary>
    private string ResNet50(string x)
    {
        x = Pool(Relu(Norm(Conv(x, 3, 64, 7, 2), 64)), 3, 2, 1);
        int inputs = 64;
        foreach ((int width, int blocks, int stride) in new[] { (64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2) })
        {
            for (int i = 0; i < blocks; i++)
            {
                int step = i == 0 ? stride : 1;
                string h = Relu(Norm(Conv(x, inputs, width, 1), width));
                h = Norm(Conv(Relu(Norm(Conv(h, width, width, 3, step), width)), width, 4 * width, 1), 4 * width);
                string skip = i == 0 ? Norm(Conv(x, inputs, 4 * width, 1, step), 4 * width) : x;
                x = Relu(_builder.Add("Add", [h, skip]));
                inputs = 4 * width;
            }
        }

        return Linear(_builder.Add("Flatten", [_builder.Add("GlobalAveragePool", [x])]), 2048, 1000);
    }

    /// <summary>Simonyan and Zisserman, "Very deep convolutional networks", 2014: configuration D.</summary>
    private string Vgg16(string x)
    {
        int inputs = 3;
        foreach ((int width, int layers) in new[] { (64, 2), (128, 2), (256, 3), (512, 3), (512, 3) })
        {
            for (int i = 0; i < layers; i++)
            {
                x = Relu(Conv(x, inputs, width, 3, bias: true));
                inputs = width;
            }

            x = Pool(x, 2, 2, 0);
        }

        x = Relu(Linear(_builder.Add("Flatten", [x]), 512 * 7 * 7, 4096));
        return Linear(Relu(Linear(x, 4096, 4096)), 4096, 1000);
    }

    /// <summary>Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018, table 2.</summary>
    private string MobileNetV2(string x)
    {
        x = Relu(Norm(Conv(x, 3, 32, 3, 2), 32));
        int inputs = 32;
        foreach ((int expand, int width, int blocks, int stride) in new[] { (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1) })
        {
            for (int i = 0; i < blocks; i++)
            {
                int hidden = inputs * expand, step = i == 0 ? stride : 1;
                string h = expand == 1 ? x : Relu(Norm(Conv(x, inputs, hidden, 1), hidden));
                h = Norm(Conv(Relu(Norm(Conv(h, hidden, hidden, 3, step, hidden), hidden)), hidden, width, 1), width);
                x = step == 1 && inputs == width ? _builder.Add("Add", [x, h]) : h;
                inputs = width;
            }
        }

        x = Relu(Norm(Conv(x, 320, 1280, 1), 1280));
        return Linear(_builder.Add("Flatten", [_builder.Add("GlobalAveragePool", [x])]), 1280, 1000);
    }

    /// <summary>Dosovitskiy et al., "An image is worth 16x16 words", 2020: ViT-B/16.</summary>
    private string VisionTransformer(string x)
    {
        const int width = 768, heads = 12, tokens = 197;
        string patches = Conv(x, 3, width, 16, 16, bias: true, pad: 0);
        x = _builder.Add("Transpose", [_builder.Add("Reshape", [patches, _builder.Integers(1, width, -1)])], OnnxAttribute.Create("perm", [0, 2, 1]));
        x = _builder.Add("Concat", [Weight(1, 1, width), x], OnnxAttribute.Create("axis", 1));
        x = _builder.Add("Add", [x, Weight(1, tokens, width)]);
        for (int layer = 0; layer < 12; layer++)
        {
            string h = LayerNorm(x, width);
            string Heads(long[] order) => _builder.Add("Transpose", [_builder.Add("Reshape", [Product(h, width, width), _builder.Integers(1, tokens, heads, width / heads)])], OnnxAttribute.Create("perm", order));
            string scores = _builder.Add("MatMul", [Heads([0, 2, 1, 3]), Heads([0, 2, 3, 1])]);
            string mixed = _builder.Add("MatMul", [_builder.Add("Softmax", [scores]), Heads([0, 2, 1, 3])]);
            mixed = _builder.Add("Reshape", [_builder.Add("Transpose", [mixed], OnnxAttribute.Create("perm", [0, 2, 1, 3])), _builder.Integers(1, tokens, width)]);
            x = _builder.Add("Add", [x, Product(mixed, width, width)]);
            x = _builder.Add("Add", [x, Product(_builder.Add("Tanh", [Product(LayerNorm(x, width), width, 4 * width)]), 4 * width, width)]);
        }

        string first = _builder.Add("Slice", [LayerNorm(x, width), _builder.Integers(0), _builder.Integers(1), _builder.Integers(1)]);
        return Linear(_builder.Add("Flatten", [first]), width, 1000);
    }

    private string Conv(string x, int inputs, int outputs, int kernel, int stride = 1, int groups = 1, bool bias = false, int? pad = null)
    {
        string weight = Weight(outputs, inputs / groups, kernel, kernel);
        long edge = pad ?? kernel / 2;
        return _builder.Add("Conv", bias ? [x, weight, Weight(outputs)] : [x, weight], OnnxAttribute.Create("group", groups), OnnxAttribute.Create("strides", [stride, stride]), OnnxAttribute.Create("pads", [edge, edge, edge, edge]));
    }

    private string Norm(string x, int width) => _builder.Add("BatchNormalization", [x, Weight(width), Weight(width), Weight(width), Weight(width)]);

    private string LayerNorm(string x, int width) => _builder.Add("LayerNormalization", [x, Weight(width), Weight(width)]);

    private string Relu(string x) => _builder.Add("Relu", [x]);

    private string Pool(string x, int kernel, int stride, int pad) =>
        _builder.Add("MaxPool", [x], OnnxAttribute.Create("kernel_shape", [kernel, kernel]), OnnxAttribute.Create("strides", [stride, stride]), OnnxAttribute.Create("pads", [pad, pad, pad, pad]));

    private string Linear(string x, int inputs, int outputs) => _builder.Add("Gemm", [x, Weight(outputs, inputs), Weight(outputs)], OnnxAttribute.Create("transB", 1));

    private string Product(string x, int inputs, int outputs) => _builder.Add("Add", [_builder.Add("MatMul", [x, Weight(inputs, outputs)]), Weight(outputs)]);

    private string Weight(params long[] dims)
    {
        string name = $"weight{_weights.Count}";
        _weights.Add(new TensorProto { Name = name, DataType = 1, Dims = { dims }, DataLocation = TensorProto.Types.DataLocation.External, ExternalData = { new StringStringEntryProto { Key = "location", Value = "weights.bin" } } });
        return name;
    }

    private OnnxModel Finish(string path)
    {
        ModelProto message = ModelProto.Parser.ParseFrom(new OnnxModel(_graph, 18).ToBytes());
        message.Graph.Initializer.Add(_weights);
        // All weights begin at the start of the file, which is as long as the longest.
        using (FileStream weights = File.Create(Path.Combine(Path.GetDirectoryName(path)!, "weights.bin")))
        {
            weights.SetLength(_weights.Max(weight => weight.Dims.Aggregate(4L, (a, b) => a * b)));
        }

        File.WriteAllBytes(path, message.ToByteArray());
        return OnnxModel.Load(path);
    }
}
