<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name />
    <message>
        <source>"{typed}" is no fingerprint</source>
        <translation>“{typed}”不是指纹</translation>
    </message>
    <message>
        <source>"{what}" was not done: a {kind} never changes</source>
        <translation>“{what}”未执行：{kind}不可更改</translation>
    </message>
    <message>
        <source>"{what}" was not done: the first read cannot change once the AI was revealed</source>
        <translation>“{what}”未执行：AI 结果显示后，首次阅片不可更改</translation>
    </message>
    <message>
        <source>"{what}" was not done: the impression and the last read would contradict each other</source>
        <translation>“{what}”未执行：印象与最后一次阅片会相互矛盾</translation>
    </message>
    <message>
        <source>"{what}" was not done: the {kind} changed meanwhile</source>
        <translation>“{what}”未执行：{kind}在此期间已更改</translation>
    </message>
    <message>
        <source>"{what}" was not done: this is not the signature of the visit</source>
        <translation>“{what}”未执行：这不是该次就诊的签名</translation>
    </message>
    <message>
        <source>"{what}" was not done: this visit is signed</source>
        <translation>“{what}”未执行：该次就诊已签署</translation>
    </message>
    <message>
        <source>"{what}" was not done: {why}</source>
        <translation>“{what}”未执行：{why}</translation>
    </message>
    <message>
        <source># User guide

The guide was not installed with this program. `?` shows the keys of each page.</source>
        <translation># 用户指南

本程序未安装用户指南。`?` 显示各页的按键。</translation>
    </message>
    <message>
        <source>% come again, unannounced</source>
        <translation>% 再次出现，不事先告知</translation>
    </message>
    <message numerus="yes">
        <source>%n (run|runs) of learning that (is|are) not finished can be gone on with in {folder} only</source>
        <translation>
            <numerusform>%n 次未完成的训练只能在 {folder} 中继续</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n (woman|women)</source>
        <translation>
            <numerusform>%n 名患者</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n awaited</source>
        <translation>
            <numerusform>待回报 %n 份</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n box(es)</source>
        <translation>
            <numerusform>%n 个遮盖框</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cannot be graded</source>
        <translation>
            <numerusform>%n 无法分级</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s)</source>
        <translation>
            <numerusform>%n 个病例</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of the locked test that they grade differently:</source>
        <translation>
            <numerusform>锁定测试集中分级不同的病例 %n 个：</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of {women} can be used: to learn from, to calibrate and to test.</source>
        <translation>
            <numerusform>{women}的 %n 个病例可用于训练、校准和测试。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n clips were being recorded when the program ended: what was recorded until then is in the library</source>
        <translation>
            <numerusform>程序结束时正在录制 %n 段视频片段：此前录制的内容已存入病例库</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n corner(s): Enter or the first corner closes them</source>
        <translation>
            <numerusform>%n 个顶点：按 Enter 或点击第一个顶点闭合</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s)</source>
        <translation>
            <numerusform>%n 天</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s), overdue</source>
        <translation>
            <numerusform>%n 天，逾期</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n epoch(s)</source>
        <translation>
            <numerusform>%n 轮</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s)</source>
        <translation>
            <numerusform>%n 个文件</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) not brought in</source>
        <translation>
            <numerusform>%n 个文件未导入</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n grade(s) apart</source>
        <translation>
            <numerusform>相差 %n 级</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n left out</source>
        <translation>
            <numerusform>略过 %n 项</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n 行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) found</source>
        <translation>
            <numerusform>找到 %n 行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s) without keys or mouse</source>
        <translation>
            <numerusform>%n 分钟无键盘或鼠标操作</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n missed</source>
        <translation>
            <numerusform>错过 %n 项</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n moment(s) of acetic acid</source>
        <translation>
            <numerusform>%n 个醋酸时刻</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait)</source>
        <translation>
            <numerusform>%n 张新图像待处理</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait): open her visit</source>
        <translation>
            <numerusform>%n 张新图像待处理：打开该患者的就诊</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not shown</source>
        <translation>
            <numerusform>%n 未显示</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n note(s) of no harm, such as heatmaps that are made again when needed.</source>
        <translation>
            <numerusform>%n 条无碍的提示，例如需要时会重新生成的热图。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them not in sight yet: scroll to the end.</source>
        <translation>
            <numerusform>其中 %n 张尚未看到：请滚动到末尾。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of {points} points (lies|lie) outside the white-light picture ({width} x {height} pixels)</source>
        <translation>
            <numerusform>{points} 个点中有 %n 个位于白光图像（{width} x {height} 像素）之外</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of hers here (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation>
            <numerusform>此处该患者的另外 %n 张图像已记录在另一名患者（{identifier}）名下：本图像可能属于后者</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of this visit (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation>
            <numerusform>本次就诊的另外 %n 张图像已记录在另一名患者（{identifier}）名下：本图像可能属于后者</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s)</source>
        <translation>
            <numerusform>%n 对图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (comes|come) again, {gap} pairs or more after the first read.</source>
        <translation>
            <numerusform>%n 对图像会再次出现，与首次阅片至少间隔 {gap} 对。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (was|were) read by fewer than the {readers} people that it asked for: (its|their) label(s) will say so</source>
        <translation>
            <numerusform>%n 对图像的阅片人数少于任务要求的 {readers} 人：其标注将注明</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) of {women}</source>
        <translation>
            <numerusform>{women}的 %n 对图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s)</source>
        <translation>
            <numerusform>%n 名患者</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s) (is|are) too few: none is left for {part}</source>
        <translation>
            <numerusform>%n 名患者太少：没有可用于{part}的患者</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s)</source>
        <translation>
            <numerusform>%n 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} already there, {skipped} skipped</source>
        <translation>
            <numerusform>已添加 %n 张图像，{there} 张已存在，{skipped} 张已略过</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} there already, {skipped} left out</source>
        <translation>
            <numerusform>已添加 %n 张图像，{there} 张已存在，{skipped} 张已略过</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) cannot be read.</source>
        <translation>
            <numerusform>%n 张图像无法读取。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) checked, the records and the audit trail: {problems}.</source>
        <translation>
            <numerusform>已检查 %n 张图像、记录和审计追踪：{problems}。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) in this visit; none taken since it was opened</source>
        <translation>
            <numerusform>本次就诊有 %n 张图像；打开后未拍摄</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of the examination</source>
        <translation>
            <numerusform>检查的 %n 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women}</source>
        <translation>
            <numerusform>{women}的 %n 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women} ready</source>
        <translation>
            <numerusform>{women}的 %n 张图像已就绪</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) without known seconds left out.</source>
        <translation>
            <numerusform>已略过 %n 张秒数未知的图像。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures that were taken are not in the library yet, held here and tried again.</source>
        <translation>
            <numerusform>已拍摄的 %n 张图像尚未存入病例库，暂存于此并将重试。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pins</source>
        <translation>
            <numerusform>%n 个活检标记</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation>
            <numerusform>%n 个问题</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s)</source>
        <comment>pairs that somebody read</comment>
        <translation>
            <numerusform>%n 次阅片</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s) (counts|count) in no figure but those marked AI seen</source>
        <translation>
            <numerusform>%n 次阅片不计入任何统计数字，标明已见 AI 的数字除外</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s)</source>
        <translation>
            <numerusform>%n 个区域</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s); draw the next one</source>
        <translation>
            <numerusform>%n 个区域；请绘制下一个</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n regions</source>
        <translation>
            <numerusform>%n 个区域</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n signed visit(s) of this woman: the correction will be noted in (its|their) report(s).</source>
        <translation>
            <numerusform>该患者有 %n 次已签署的就诊：更正将在其报告中注明。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n to be checked.</source>
        <translation>
            <numerusform>%n 张待核对。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s)</source>
        <translation>
            <numerusform>%n 次就诊</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) (is|are) found; those with pictures give a pair each</source>
        <translation>
            <numerusform>找到 %n 次就诊；有图像的各产生一对</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) found</source>
        <translation>
            <numerusform>找到 %n 次就诊</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) not assigned to a patient yet: not in the set.</source>
        <translation>
            <numerusform>%n 次就诊尚未分配给患者：不在数据集中。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) with a grade to train on.</source>
        <translation>
            <numerusform>%n 次就诊有可用于训练的级别。</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Add pictures...</source>
        <translation>添加图像(&amp;A)...</translation>
    </message>
    <message>
        <source>&amp;Again</source>
        <translation>再次输入(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;All keyboard shortcuts</source>
        <translation>全部键盘快捷键(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Annotate</source>
        <translation>标注(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Bring a model file...</source>
        <translation>导入模型文件(&amp;B)...</translation>
    </message>
    <message>
        <source>&amp;Capture</source>
        <translation>采集(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Choose</source>
        <translation>选择(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Close the message</source>
        <translation>关闭消息(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Confirm guesses</source>
        <translation>确认推测项(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Contents</source>
        <translation>目录(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Count the cases again</source>
        <translation>重新统计病例(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Dark or light theme</source>
        <translation>深色或浅色主题(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Edit patient...</source>
        <translation>编辑患者(&amp;E)...</translation>
    </message>
    <message>
        <source>&amp;Encrypted, for pictures of real women</source>
        <translation>加密，用于真实患者的图像(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Find a visit</source>
        <translation>查找就诊(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Fine-tune on my cases</source>
        <translation>用我的病例微调(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Full screen</source>
        <translation>全屏(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Hide or show everything</source>
        <translation>隐藏或显示全部内容(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Histology inbox...</source>
        <translation>组织学收件箱(&amp;H)...</translation>
    </message>
    <message>
        <source>&amp;Import</source>
        <translation>导入(&amp;I)</translation>
    </message>
    <message>
        <source>&amp;Import pictures...</source>
        <translation>导入图像(&amp;I)...</translation>
    </message>
    <message>
        <source>&amp;Install an update...</source>
        <translation>安装更新(&amp;I)...</translation>
    </message>
    <message>
        <source>&amp;Keys of this page</source>
        <translation>本页按键(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Leave out</source>
        <translation>略过(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Look again: for tasks, or for the pictures of the pair</source>
        <translation>重新查看：任务或配对的图像(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Look in:</source>
        <translation>查找范围(&amp;L)：</translation>
    </message>
    <message>
        <source>&amp;Make this folder</source>
        <translation>新建此文件夹(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Models</source>
        <translation>模型(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Move visit to another patient...</source>
        <translation>将就诊移到另一患者(&amp;M)...</translation>
    </message>
    <message>
        <source>&amp;Move...</source>
        <translation>移动(&amp;M)...</translation>
    </message>
    <message>
        <source>&amp;New task...</source>
        <translation>新建任务(&amp;N)...</translation>
    </message>
    <message>
        <source>&amp;Next one that is not done</source>
        <translation>下一个未完成项(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Not encrypted, for demonstrations and research without names</source>
        <translation>不加密，用于演示和不含姓名的研究(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Only unsure or missing</source>
        <translation>仅不确定或缺失项(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Open another library...</source>
        <translation>打开其他病例库(&amp;O)...</translation>
    </message>
    <message>
        <source>&amp;Open visit</source>
        <translation>打开就诊(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Page before</source>
        <translation>上一页(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Pair</source>
        <translation>配对(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Password</source>
        <translation>密码(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Pause the run, or let it go on</source>
        <translation>暂停或继续训练(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Print...</source>
        <translation>打印(&amp;P)...</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Read the lists again</source>
        <translation>重新读取列表(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Read the model folders again</source>
        <translation>重新读取模型文件夹(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>重做(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Remove empty visit...</source>
        <translation>移除空就诊(&amp;R)...</translation>
    </message>
    <message>
        <source>&amp;Review</source>
        <translation>阅片(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Search the list</source>
        <translation>搜索列表(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>设置(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Show what is typed</source>
        <translation>显示输入内容(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Sign out</source>
        <translation>退出登录(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Stage...</source>
        <translation>阶段(&amp;S)...</translation>
    </message>
    <message>
        <source>&amp;Take again</source>
        <translation>重新纳入(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Take the tour</source>
        <translation>开始导览(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Today</source>
        <translation>今日(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;User guide</source>
        <translation>用户指南(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Woman...</source>
        <translation>患者(&amp;W)...</translation>
    </message>
    <message>
        <source>(2 of 2)</source>
        <translation>（第 2 张，共 2 张）</translation>
    </message>
    <message>
        <source>(2 to {count} of {count})</source>
        <translation>（第 2 至 {count} 张，共 {count} 张）</translation>
    </message>
    <message>
        <source>(chosen in Today)</source>
        <translation>（在“今日”中选定）</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>（空）</translation>
    </message>
    <message>
        <source>(error {error:.2f})</source>
        <translation>（误差 {error:.2f}）</translation>
    </message>
    <message>
        <source>(no name)</source>
        <translation>（无姓名）</translation>
    </message>
    <message>
        <source>(of {parts} parts the longest)</source>
        <translation>（{parts} 个部分中最长者）</translation>
    </message>
    <message>
        <source>(open in Review)</source>
        <translation>（在“阅片”中打开）</translation>
    </message>
    <message>
        <source>({pairs:,} seen in Decide)</source>
        <translation>（{pairs:,} 对已在裁定中看过）</translation>
    </message>
    <message>
        <source>({reads} compared)</source>
        <translation>（比较了 {reads} 对）</translation>
    </message>
    <message>
        <source>+ and -, wheel</source>
        <translation>+ 和 -、滚轮</translation>
    </message>
    <message>
        <source>+, -, wheel</source>
        <translation>+、-、滚轮</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between words in a row</comment>
        <translation>，</translation>
    </message>
    <message>
        <source>, and .</source>
        <translation>, 和 .</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}</source>
        <translation>，{done:,}/{total:,}</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, about {minutes:,} min left</source>
        <translation>，{done:,}/{total:,}，约剩 {minutes:,} 分钟</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, less than a minute left</source>
        <translation>，{done:,}/{total:,}，剩余不到一分钟</translation>
    </message>
    <message>
        <source>--points and --mapped go together</source>
        <translation>--points 和 --mapped 须一起使用</translation>
    </message>
    <message>
        <source>... and {count} more</source>
        <translation>... 另有 {count} 项</translation>
    </message>
    <message>
        <source>... and {more:,} more.</source>
        <translation>... 另有 {more:,} 项。</translation>
    </message>
    <message>
        <source>... and {more} more; pfm audit verify lists them all.</source>
        <translation>... 另有 {more} 项；pfm audit verify 会全部列出。</translation>
    </message>
    <message>
        <source>0 least</source>
        <comment>end of a scale</comment>
        <translation>0 最弱</translation>
    </message>
    <message>
        <source>0 none</source>
        <comment>end of a scale</comment>
        <translation>0 无</translation>
    </message>
    <message>
        <source>1 a second</source>
        <translation>每秒 1 张</translation>
    </message>
    <message>
        <source>1 in 2 s</source>
        <translation>每 2 秒 1 张</translation>
    </message>
    <message>
        <source>1 is as strong as in half of the lesions, of the grade that the map speaks for, which the model graded rightly when it was calibrated; where this picture is stronger, its strongest place is 1.</source>
        <translation>1 的强度为：属于该图所指级别、且校准时被模型正确分级的病变中，有一半达到此强度；若本图像更强，则其最强处为 1。</translation>
    </message>
    <message>
        <source>1 most here</source>
        <comment>end of a scale</comment>
        <translation>1 本图最强</translation>
    </message>
    <message>
        <source>1 strong</source>
        <comment>end of a scale</comment>
        <translation>1 强</translation>
    </message>
    <message>
        <source>1 visit is found</source>
        <translation>找到 1 次就诊</translation>
    </message>
    <message>
        <source>10 a second</source>
        <translation>每秒 10 张</translation>
    </message>
    <message>
        <source>16-bit scaled to 8-bit</source>
        <translation>16 位已换算为 8 位</translation>
    </message>
    <message>
        <source>2 a second</source>
        <translation>每秒 2 张</translation>
    </message>
    <message>
        <source>24 invented women with 40 visits are drawn by the computer; this happens once and takes a minute or two. It may be cancelled: what is drawn already is used next time.</source>
        <translation>计算机正在绘制 24 名虚构患者的 40 次就诊；仅此一次，需一两分钟。可以取消：已绘制的内容下次仍会使用。</translation>
    </message>
    <message>
        <source>3 a second</source>
        <translation>每秒 3 张</translation>
    </message>
    <message>
        <source>5-15 mm or 2 quadrants</source>
        <translation>5-15 mm 或 2 个象限</translation>
    </message>
    <message>
        <source>&lt; 5 mm</source>
        <translation>&lt; 5 mm</translation>
    </message>
    <message>
        <source>&gt; 15 mm, 3-4 quadrants, or endocervically undefined</source>
        <translation>&gt; 15 mm、3-4 个象限，或宫颈管内边界不明</translation>
    </message>
    <message>
        <source>? all keys</source>
        <translation>? 全部按键</translation>
    </message>
    <message>
        <source>A camera is a USB camera that was found, or an address: rtsp://..., http://... (MJPEG), genicam:SERIAL, or file:/path of a video. Numbers that stay empty are left to the camera; white balance in fluorescence is never automatic.</source>
        <translation>相机可以是已找到的 USB 相机，或一个地址：rtsp://...、http://...（MJPEG）、genicam:SERIAL 或 file:/视频路径。留空的数值由相机决定；荧光下的白平衡绝不自动调节。</translation>
    </message>
    <message>
        <source>A change afterwards takes a reason and another signature.</source>
        <translation>此后更改须说明理由并再次签名。</translation>
    </message>
    <message>
        <source>A clip is removed on the Capture page, under Clips. Nothing was changed.</source>
        <translation>视频片段须在“采集”页的“视频片段”中移除。未作任何更改。</translation>
    </message>
    <message>
        <source>A clip was being recorded when the program ended: what was recorded until then is in the library</source>
        <translation>程序结束时正在录制一段视频片段：此前录制的内容已存入病例库</translation>
    </message>
    <message>
        <source>A device that saves pictures into a folder</source>
        <translation>将图像保存到文件夹的设备</translation>
    </message>
    <message>
        <source>A file import.csv in a chosen folder (patient,visit_time,stage,source,file) is followed.</source>
        <translation>所选文件夹中的 import.csv 文件（patient,visit_time,stage,source,file）将被采用。</translation>
    </message>
    <message>
        <source>A model from elsewhere</source>
        <translation>来自其他机构的模型</translation>
    </message>
    <message>
        <source>A model is being learned</source>
        <translation>正在训练模型</translation>
    </message>
    <message>
        <source>A model was learned. It is in quarantine until it is compared and promoted in Fine-tune.</source>
        <translation>模型已训练完成。在“微调”中比较并启用之前，它处于隔离状态。</translation>
    </message>
    <message>
        <source>A narrower window has more contrast</source>
        <translation>窗宽越窄，对比度越高</translation>
    </message>
    <message>
        <source>A new patient</source>
        <translation>新患者</translation>
    </message>
    <message>
        <source>A new recovery key was made; the one before opens nothing any more.</source>
        <translation>已生成新的恢复密钥；之前的密钥不再能打开任何内容。</translation>
    </message>
    <message>
        <source>A pair needs one white-light and one fluorescence picture, or beside plain white light one through a green filter or after Lugol's iodine.</source>
        <translation>配对需要一张白光图像和一张荧光图像；或在普通白光图像之外，再有一张绿色滤镜图像或涂卢戈碘液后的图像。</translation>
    </message>
    <message>
        <source>A pair that somebody read here gets its label from readers once {readers} people have read it (also in other tasks), or the task is closed.</source>
        <translation>此处已有人阅片的配对，待 {readers} 人阅片后（含其他任务）或任务关闭后，由阅片者得出标注。</translation>
    </message>
    <message>
        <source>A picture of an earlier visit beside the one on the stage (F7)</source>
        <translation>在图像区当前图像旁显示既往就诊的图像（F7）</translation>
    </message>
    <message>
        <source>A picture of the sequence is no longer in this visit: the player was closed.</source>
        <translation>序列中的一张图像已不在本次就诊中：播放器已关闭。</translation>
    </message>
    <message>
        <source>A picture that is being taken</source>
        <translation>正在拍摄的图像</translation>
    </message>
    <message>
        <source>A picture that was taken is not in the library yet, held here and tried again.</source>
        <translation>已拍摄的一张图像尚未存入病例库，暂存于此并将重试。</translation>
    </message>
    <message>
        <source>A picture was taken just now. Press again when acetic acid is on: that starts the clock.</source>
        <translation>刚刚已拍摄一张图像。涂上醋酸后请再按一次：开始计时。</translation>
    </message>
    <message>
        <source>A pot takes {count} characters. What is beyond them was not taken in.</source>
        <translation>标本瓶最多 {count} 个字符。超出部分未录入。</translation>
    </message>
    <message>
        <source>A result is overdue after</source>
        <translation>结果逾期时限</translation>
    </message>
    <message>
        <source>A saved report goes on record, with your name, at the next sign-in with which the library is written.</source>
        <translation>已保存的报告将在下次以可写入病例库的方式登录时，连同你的姓名一并记录。</translation>
    </message>
    <message>
        <source>A saved report is not recorded here: the library is read-only.</source>
        <translation>已保存的报告不会在此记录：病例库为只读。</translation>
    </message>
    <message>
        <source>A second read that differs needs a reason.</source>
        <translation>与 AI 不同的第二次阅片须说明理由。</translation>
    </message>
    <message>
        <source>A sequence is played. Press Esc to go back to the pair first.</source>
        <translation>正在播放序列。请先按 Esc 返回配对。</translation>
    </message>
    <message>
        <source>A text</source>
        <translation>一段文字</translation>
    </message>
    <message>
        <source>A visit of their own</source>
        <translation>单独一次就诊</translation>
    </message>
    <message>
        <source>A visit without an impression cannot be signed (Findings).</source>
        <translation>尚无印象，不能签署（请在“所见”中选择）。</translation>
    </message>
    <message>
        <source>A&amp;bout pfm_desktop</source>
        <translation>关于 pfm_desktop(&amp;B)</translation>
    </message>
    <message>
        <source>AI</source>
        <comment>tab</comment>
        <translation>AI</translation>
    </message>
    <message>
        <source>AI</source>
        <translation>AI</translation>
    </message>
    <message>
        <source>AI answer</source>
        <translation>AI 结果</translation>
    </message>
    <message>
        <source>AI answer in Annotate</source>
        <translation>“标注”中的 AI 结果</translation>
    </message>
    <message>
        <source>AI answer: {words}</source>
        <translation>AI 结果：{words}</translation>
    </message>
    <message>
        <source>AI answers revealed</source>
        <translation>AI 结果的显示</translation>
    </message>
    <message>
        <source>AI in Annotate</source>
        <translation>“标注”中的 AI</translation>
    </message>
    <message>
        <source>AI may be seen after the grade</source>
        <translation>分级后可看 AI</translation>
    </message>
    <message>
        <source>AI may be seen before the grade</source>
        <translation>分级前可看 AI</translation>
    </message>
    <message>
        <source>AI may be shown before the grade</source>
        <translation>分级前可显示 AI</translation>
    </message>
    <message>
        <source>AI revealed</source>
        <translation>AI 结果已显示</translation>
    </message>
    <message>
        <source>AI revealed at</source>
        <translation>AI 结果显示时间</translation>
    </message>
    <message>
        <source>AI revealed: {moment}</source>
        <translation>AI 结果已显示：{moment}</translation>
    </message>
    <message>
        <source>AI revealed: {moment}, without a first read</source>
        <translation>AI 结果已显示：{moment}，无首次阅片</translation>
    </message>
    <message>
        <source>AI revealed: {when}</source>
        <translation>AI 结果已显示：{when}</translation>
    </message>
    <message>
        <source>AI seen before</source>
        <translation>此前已见 AI</translation>
    </message>
    <message>
        <source>AI shown to a reader</source>
        <translation>已向阅片者显示 AI</translation>
    </message>
    <message>
        <source>ALL visits of this library</source>
        <translation>本病例库的全部就诊</translation>
    </message>
    <message>
        <source>AW acetowhite, P punctation, M mosaic, AV atypical vessels, I iodine negative, x biopsy; SCJ dashed</source>
        <translation>AW 醋白，P 点状血管，M 镶嵌，AV 异型血管，I 碘不着色，x 活检；SCJ 为虚线</translation>
    </message>
    <message>
        <source>About</source>
        <comment>whom a line is about</comment>
        <translation>对象</translation>
    </message>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>About 65 of 100 women are learned from, 20 calibrate (at least 12 of a grade, or a third) and 15 are the locked test, for good.</source>
        <translation>每 100 名患者中约 65 名用于训练，20 名用于校准（每个级别至少 12 名，或三分之一），15 名永久作为锁定测试集。</translation>
    </message>
    <message>
        <source>About a crash</source>
        <translation>关于一次崩溃</translation>
    </message>
    <message>
        <source>About the patient with this ID</source>
        <translation>涉及此 ID 的患者</translation>
    </message>
    <message>
        <source>Absent</source>
        <translation>缺如</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>账户</translation>
    </message>
    <message>
        <source>Acetic acid</source>
        <translation>醋酸</translation>
    </message>
    <message>
        <source>Acetic acid applied at</source>
        <translation>涂醋酸时间</translation>
    </message>
    <message>
        <source>Acetic acid applied: {when}</source>
        <translation>涂醋酸时间：{when}</translation>
    </message>
    <message>
        <source>Acetic acid is on: start the clock</source>
        <translation>已涂醋酸：开始计时</translation>
    </message>
    <message>
        <source>Acetic acid: start the clock</source>
        <translation>醋酸：开始计时</translation>
    </message>
    <message>
        <source>Aceto uptake</source>
        <translation>醋白反应</translation>
    </message>
    <message>
        <source>Acetowhite</source>
        <translation>醋白上皮</translation>
    </message>
    <message>
        <source>Acid is on: start clock</source>
        <translation>已涂醋酸：开始计时</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Add a lesion, and draw it</source>
        <translation>添加病变并绘制</translation>
    </message>
    <message>
        <source>Add a person</source>
        <translation>添加人员</translation>
    </message>
    <message>
        <source>Add a person...</source>
        <translation>添加人员...</translation>
    </message>
    <message>
        <source>Add a step</source>
        <translation>添加步骤</translation>
    </message>
    <message>
        <source>Add all the same</source>
        <translation>仍然添加</translation>
    </message>
    <message>
        <source>Add endocervical sampling</source>
        <translation>添加宫颈管取样</translation>
    </message>
    <message>
        <source>Add excision</source>
        <translation>添加切除标本</translation>
    </message>
    <message>
        <source>Add folder...</source>
        <translation>添加文件夹...</translation>
    </message>
    <message>
        <source>Add her and give the visit to her</source>
        <translation>添加该患者并将就诊分配给该患者</translation>
    </message>
    <message>
        <source>Add lesion</source>
        <translation>添加病变</translation>
    </message>
    <message>
        <source>Add light and lower the camera's gain (ISO), then retake.</source>
        <translation>增加光照并降低相机增益（ISO），然后重拍。</translation>
    </message>
    <message>
        <source>Add other specimen</source>
        <translation>添加其他标本</translation>
    </message>
    <message>
        <source>Add patient</source>
        <translation>添加患者</translation>
    </message>
    <message>
        <source>Add pictures</source>
        <translation>添加图像</translation>
    </message>
    <message>
        <source>Add pictures ...</source>
        <translation>添加图像...</translation>
    </message>
    <message>
        <source>Add to this visit</source>
        <translation>添加到本次就诊</translation>
    </message>
    <message>
        <source>Add zips or files...</source>
        <translation>添加 zip 或文件...</translation>
    </message>
    <message>
        <source>Added</source>
        <translation>已添加</translation>
    </message>
    <message>
        <source>Adding pictures</source>
        <translation>正在添加图像</translation>
    </message>
    <message>
        <source>Adjudicates</source>
        <translation>裁定</translation>
    </message>
    <message>
        <source>Adjudicator: decides between readings, sees neither names nor findings</source>
        <translation>裁定员：在不同阅片结果间裁定，看不到姓名，也看不到所见</translation>
    </message>
    <message>
        <source>Administrator: keeps accounts, reads the audit trail, changes no visit</source>
        <translation>管理员：管理账户，查看审计追踪，不更改就诊</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>After a cra&amp;sh...</source>
        <translation>崩溃之后(&amp;S)...</translation>
    </message>
    <message>
        <source>After a crash</source>
        <translation>崩溃之后</translation>
    </message>
    <message>
        <source>After a total hysterectomy there is no cervix: what is examined is the vaginal vault</source>
        <translation>全子宫切除术后无宫颈：检查的是阴道穹隆</translation>
    </message>
    <message>
        <source>After acetic acid</source>
        <translation>醋酸后</translation>
    </message>
    <message>
        <source>After the other picture of its pair (s)</source>
        <translation>距配对中另一图像的时间（秒）</translation>
    </message>
    <message>
        <source>Again</source>
        <translation>再次输入</translation>
    </message>
    <message>
        <source>Against the verdict, because: {reason}.</source>
        <translation>与判定相反，理由：{reason}。</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致性</translation>
    </message>
    <message>
        <source>Agreement of the readers</source>
        <translation>阅片者间一致性</translation>
    </message>
    <message>
        <source>Aligned with the first</source>
        <translation>与第一张对齐</translation>
    </message>
    <message>
        <source>Aligned with the first, {error}</source>
        <translation>与第一张对齐，{error}</translation>
    </message>
    <message>
        <source>Aligned, estimated error {error}.</source>
        <translation>已对齐，估计误差 {error}。</translation>
    </message>
    <message>
        <source>Aligning the earlier picture</source>
        <translation>正在对齐既往图像</translation>
    </message>
    <message>
        <source>Aligning was stopped: the two are side by side, not aligned. Choose the picture again to align them.</source>
        <translation>对齐已停止：两张图像并排显示，未对齐。重新选择该图像可再次对齐。</translation>
    </message>
    <message>
        <source>Aligning {number} of {frames}</source>
        <translation>正在对齐第 {number} 张，共 {frames} 张</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>All as taken</source>
        <translation>全部恢复原样</translation>
    </message>
    <message>
        <source>All cases ({cases:,} of {women:,} women)</source>
        <translation>全部病例（{women:,} 名患者的 {cases:,} 个病例）</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>All keys</source>
        <translation>全部按键</translation>
    </message>
    <message>
        <source>All of it</source>
        <translation>全图</translation>
    </message>
    <message>
        <source>All of it is in the clipboard.</source>
        <translation>全部内容已复制到剪贴板。</translation>
    </message>
    <message>
        <source>All pairs are decided</source>
        <translation>所有配对均已裁定</translation>
    </message>
    <message>
        <source>All pairs are read</source>
        <translation>所有配对均已阅片</translation>
    </message>
    <message>
        <source>All pairs are read. Thank you.

Left goes back to them, T to the tasks.</source>
        <translation>所有配对均已阅片。谢谢。

按左方向键返回配对，按 T 返回任务。</translation>
    </message>
    <message>
        <source>All readers (Fleiss)</source>
        <translation>全部阅片者（Fleiss）</translation>
    </message>
    <message>
        <source>All steps are done</source>
        <translation>所有步骤均已完成</translation>
    </message>
    <message>
        <source>All that is in the file</source>
        <translation>文件中的全部内容</translation>
    </message>
    <message>
        <source>All that the search for "{searched}" finds</source>
        <translation>搜索“{searched}”找到的全部就诊</translation>
    </message>
    <message>
        <source>All that was found</source>
        <translation>检查结果全文</translation>
    </message>
    <message>
        <source>All visits that are found have a label: change the search, or take them too</source>
        <translation>找到的就诊均已有标注：请更改搜索，或将其一并纳入</translation>
    </message>
    <message>
        <source>All were in sight.</source>
        <translation>全部已看到。</translation>
    </message>
    <message>
        <source>Allergies</source>
        <translation>过敏</translation>
    </message>
    <message>
        <source>Allergy to iodine</source>
        <translation>碘过敏</translation>
    </message>
    <message>
        <source>Already in the library</source>
        <translation>已在病例库中</translation>
    </message>
    <message>
        <source>Also before your grade, which is then one after AI. It goes on record.</source>
        <translation>在你分级之前也可看，此时的分级即为 AI 之后的分级。将被记录。</translation>
    </message>
    <message>
        <source>Also what was added</source>
        <translation>也显示已添加的</translation>
    </message>
    <message>
        <source>Alt+arrows</source>
        <translation>Alt+方向键</translation>
    </message>
    <message>
        <source>Altered</source>
        <translation>已被篡改</translation>
    </message>
    <message>
        <source>Amend now</source>
        <translation>立即修订</translation>
    </message>
    <message>
        <source>Amend...</source>
        <translation>修订...</translation>
    </message>
    <message>
        <source>Amended by {who}: {reason}</source>
        <translation>由 {who} 修订：{reason}</translation>
    </message>
    <message>
        <source>Amended colposcopy report</source>
        <translation>已修订的阴道镜检查报告</translation>
    </message>
    <message>
        <source>Amended: takes the place of the report that {name} signed on {day}, which is kept. Opened again by {who} on {opened}: {reason}</source>
        <translation>已修订：取代 {name} 于 {day} 签署的报告，原报告予以保留。由 {who} 于 {opened} 重新打开：{reason}</translation>
    </message>
    <message>
        <source>Amendment of a signed report</source>
        <translation>已签署报告的修订</translation>
    </message>
    <message>
        <source>An administrator of the library gives you a new password. If nobody can sign in any more, the recovery key that was printed when the library was made lets an administrator in.</source>
        <translation>由病例库管理员为你设置新密码。若所有人都无法登录，可用创建病例库时打印的恢复密钥让管理员进入。</translation>
    </message>
    <message>
        <source>An import is under way. Stop it, or drop these again when it is done.</source>
        <translation>正在导入。请停止导入，或待其完成后再次拖放这些内容。</translation>
    </message>
    <message>
        <source>An unexpected error kept it from the library; it is in the log.</source>
        <translation>因意外错误，未能存入病例库；错误已写入日志。</translation>
    </message>
    <message numerus="yes">
        <source>And %n such note(s) more.</source>
        <translation>
            <numerusform>另有 %n 条此类提示。</numerusform>
        </translation>
    </message>
    <message>
        <source>Annotate</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Annotator: labels pictures, sees neither names nor findings</source>
        <translation>标注员：标注图像，看不到姓名，也看不到所见</translation>
    </message>
    <message>
        <source>Another impression is your second read.</source>
        <translation>另选的印象即为你的第二次阅片。</translation>
    </message>
    <message>
        <source>Another library...</source>
        <translation>其他病例库...</translation>
    </message>
    <message>
        <source>Another visit is chosen in the list; the pictures go to this one.</source>
        <translation>列表中选择的是另一次就诊；图像将归入当前这次就诊。</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Answer: none</source>
        <translation>AI 结果：无</translation>
    </message>
    <message>
        <source>Answer: {grade}. {prediction_set}</source>
        <translation>AI 结果：{grade}。{prediction_set}</translation>
    </message>
    <message>
        <source>Answered from {source} only.</source>
        <translation>结果仅依据{source}得出。</translation>
    </message>
    <message>
        <source>Anticoagulants</source>
        <translation>抗凝药</translation>
    </message>
    <message>
        <source>Anything else that matters before the examination</source>
        <translation>检查前需注意的其他事项</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Apply points</source>
        <translation>应用对应点</translation>
    </message>
    <message>
        <source>Apply to shift the picture only, or add a spot: two also turn and scale it.</source>
        <translation>应用则仅平移图像；或再加一点：两点还可旋转和缩放。</translation>
    </message>
    <message>
        <source>Apply to shift, turn and scale the picture, or add a spot away from the others.</source>
        <translation>应用则平移、旋转和缩放图像；或在远离其他点处再加一点。</translation>
    </message>
    <message>
        <source>Apply, or add a fourth spot: only then can the fit be checked.</source>
        <translation>应用，或再加第四点：只有这样才能检验吻合程度。</translation>
    </message>
    <message>
        <source>Apply, or add a spot.</source>
        <translation>应用，或再加一点。</translation>
    </message>
    <message>
        <source>Apply, or add a spot: from six on the picture can bend as the tissue does.</source>
        <translation>应用，或再加一点：从六点起，图像可随组织弯曲变形。</translation>
    </message>
    <message>
        <source>Apr</source>
        <translation>4月</translation>
    </message>
    <message>
        <source>April</source>
        <translation>四月</translation>
    </message>
    <message>
        <source>Arrow keys or 0, 1, 2; Delete: not assessed</source>
        <translation>方向键或 0、1、2；Delete：未评估</translation>
    </message>
    <message>
        <source>Arrows, drag</source>
        <translation>方向键、拖动</translation>
    </message>
    <message>
        <source>As drawn: {measures}</source>
        <translation>按所绘：{measures}</translation>
    </message>
    <message>
        <source>As graded: high or cancer was given. At 85 % specificity: how well HSIL+ can be told apart, with a threshold for each model that nobody uses when grading. The interval of the calibration error lies high where cases are few.</source>
        <translation>“按所给级别”：给出高级别或癌。“特异度 85% 时”：区分 HSIL+ 的能力，每个模型各用一个阈值，分级时无人使用该阈值。病例少时，校准误差的区间偏高。</translation>
    </message>
    <message>
        <source>As in Today: name, ID, date, impression; empty: all visits</source>
        <translation>同“今日”：姓名、ID、日期、印象；留空：全部就诊</translation>
    </message>
    <message>
        <source>As it came with the program</source>
        <translation>恢复程序自带设置</translation>
    </message>
    <message>
        <source>As one signed file, for another clinic: the model, and nothing of any patient</source>
        <translation>一个已签名的文件，供其他机构使用：仅含模型，不含任何患者信息</translation>
    </message>
    <message>
        <source>As recorded, not aligned</source>
        <translation>按原始记录，未对齐</translation>
    </message>
    <message>
        <source>As the computer</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Ask a clinician or an administrator of it.</source>
        <translation>请联系该病例库的临床医师或管理员。</translation>
    </message>
    <message>
        <source>Ask about</source>
        <translation>询问模型</translation>
    </message>
    <message>
        <source>Ask for a new library once more</source>
        <translation>再次请求新建病例库</translation>
    </message>
    <message>
        <source>Ask for the tour once more</source>
        <translation>再次请求导览</translation>
    </message>
    <message>
        <source>Ask her to hold still, and take the pair again.</source>
        <translation>请患者保持不动，然后重新拍摄配对图像。</translation>
    </message>
    <message>
        <source>Asked with {sources} ({cases:,})</source>
        <translation>依据{sources}（{cases:,}）</translation>
    </message>
    <message>
        <source>Asking the library what it has already ...</source>
        <translation>正在查询病例库中已有的内容...</translation>
    </message>
    <message>
        <source>Asking the model</source>
        <translation>正在询问模型</translation>
    </message>
    <message>
        <source>Attention below this value is left clear.</source>
        <translation>低于此值的模型关注区不着色。</translation>
    </message>
    <message>
        <source>Audit t&amp;rail</source>
        <translation>审计追踪(&amp;L)</translation>
    </message>
    <message>
        <source>Audit trail</source>
        <translation>审计追踪</translation>
    </message>
    <message>
        <source>Aug</source>
        <translation>8月</translation>
    </message>
    <message>
        <source>August</source>
        <translation>八月</translation>
    </message>
    <message>
        <source>Automatic again</source>
        <translation>恢复自动</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Back</source>
        <comment>to the step before</comment>
        <translation>上一步</translation>
    </message>
    <message>
        <source>Back (Escape)</source>
        <translation>返回（Esc）</translation>
    </message>
    <message>
        <source>Back to Models</source>
        <translation>返回模型</translation>
    </message>
    <message>
        <source>Back to Models (Escape)</source>
        <translation>返回模型（Esc）</translation>
    </message>
    <message>
        <source>Back to Settings</source>
        <translation>返回设置</translation>
    </message>
    <message>
        <source>Back to Settings (Escape)</source>
        <translation>返回设置（Esc）</translation>
    </message>
    <message>
        <source>Back to Today</source>
        <translation>返回今日</translation>
    </message>
    <message>
        <source>Back to Today (Escape)</source>
        <translation>返回今日（Esc）</translation>
    </message>
    <message>
        <source>Back to Today (Escape); the plan stays</source>
        <translation>返回今日（Esc）；方案保留</translation>
    </message>
    <message>
        <source>Back to all</source>
        <translation>返回全部图像</translation>
    </message>
    <message>
        <source>Back to default</source>
        <translation>恢复默认</translation>
    </message>
    <message>
        <source>Back to live</source>
        <translation>返回实时</translation>
    </message>
    <message>
        <source>Back to the choices</source>
        <translation>返回选项</translation>
    </message>
    <message>
        <source>Back to the pair</source>
        <translation>返回配对</translation>
    </message>
    <message>
        <source>Back to the pictures of this visit (Esc)</source>
        <translation>返回本次就诊的图像（Esc）</translation>
    </message>
    <message>
        <source>Back to the tasks</source>
        <translation>返回任务</translation>
    </message>
    <message>
        <source>Back to {visit}</source>
        <translation>返回{visit}</translation>
    </message>
    <message>
        <source>Back up and install</source>
        <translation>备份并安装</translation>
    </message>
    <message>
        <source>Back up into a folder...</source>
        <translation>备份到文件夹...</translation>
    </message>
    <message>
        <source>Back up now</source>
        <translation>立即备份</translation>
    </message>
    <message>
        <source>Back, without a change (Escape)</source>
        <translation>返回，不作更改（Esc）</translation>
    </message>
    <message>
        <source>Backed up: {pictures}, {files} new.</source>
        <translation>已备份：{pictures}，新增 {files}。</translation>
    </message>
    <message>
        <source>Backing up</source>
        <translation>正在备份</translation>
    </message>
    <message>
        <source>Backspace</source>
        <comment>key</comment>
        <translation>Backspace</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>备份</translation>
    </message>
    <message>
        <source>Backups and checks are made by clinicians and administrators.</source>
        <translation>备份和检查由临床医师和管理员进行。</translation>
    </message>
    <message>
        <source>Bands of the Swede score</source>
        <translation>Swede 评分分段</translation>
    </message>
    <message>
        <source>Because of</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>Before acetic acid</source>
        <translation>醋酸前</translation>
    </message>
    <message>
        <source>Before it was removed</source>
        <translation>移除之前</translation>
    </message>
    <message>
        <source>Before: {before}, which answered then. New: {new}.</source>
        <translation>之前：{before}，当时由其给出结果。新：{new}。</translation>
    </message>
    <message>
        <source>Began</source>
        <translation>开始时间</translation>
    </message>
    <message>
        <source>Begin an examination without a patient</source>
        <translation>不选患者，开始检查</translation>
    </message>
    <message>
        <source>Begin visit</source>
        <translation>开始就诊</translation>
    </message>
    <message>
        <source>Begin without a patient</source>
        <translation>不选患者，直接开始</translation>
    </message>
    <message>
        <source>Begun</source>
        <translation>开始时间</translation>
    </message>
    <message>
        <source>Being aligned ...</source>
        <translation>正在对齐...</translation>
    </message>
    <message>
        <source>Being registered ...</source>
        <translation>正在配准...</translation>
    </message>
    <message>
        <source>Beside the picture on the stage, aligned with it (Enter)</source>
        <translation>置于图像区当前图像旁并与其对齐（Enter）</translation>
    </message>
    <message>
        <source>Between two points</source>
        <translation>两点间距离</translation>
    </message>
    <message>
        <source>Biopsies</source>
        <translation>活检</translation>
    </message>
    <message>
        <source>Biopsy</source>
        <translation>活检</translation>
    </message>
    <message>
        <source>Biopsy pins</source>
        <translation>活检标记</translation>
    </message>
    <message>
        <source>Biopsy, treatment, recall, referral</source>
        <translation>活检、治疗、复查、转诊</translation>
    </message>
    <message>
        <source>Birth date</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Black margin of every picture</source>
        <translation>每张图像的黑边</translation>
    </message>
    <message>
        <source>Blend</source>
        <translation>混合</translation>
    </message>
    <message>
        <source>Blend: white light on the left, fluorescence on the right ([ and ])</source>
        <translation>混合：左侧为白光，右侧为荧光（[ 和 ]）</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Both models grade all cases of the locked test alike.</source>
        <translation>两个模型对锁定测试集所有病例的分级相同。</translation>
    </message>
    <message>
        <source>Both sources: they are read as a pair.</source>
        <translation>两种光源均有：作为配对阅片。</translation>
    </message>
    <message>
        <source>Both together</source>
        <translation>两者合并</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter ...</source>
        <translation>亮度、对比度和滤镜...</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter of each picture, for looking only (Ctrl+B); G: green filter</source>
        <translation>每张图像的亮度、对比度和滤镜，仅用于查看（Ctrl+B）；G：绿色滤镜</translation>
    </message>
    <message>
        <source>Bring a model file</source>
        <translation>导入模型文件</translation>
    </message>
    <message>
        <source>Bring a model file...</source>
        <translation>导入模型文件...</translation>
    </message>
    <message>
        <source>Bring in pictures of this folder</source>
        <translation>导入此文件夹的图像</translation>
    </message>
    <message>
        <source>Bring in zips or files</source>
        <translation>导入 zip 或文件</translation>
    </message>
    <message>
        <source>Bring it in</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Bring the os into the middle of the picture, then retake.</source>
        <translation>将宫颈外口移到图像中央，然后重拍。</translation>
    </message>
    <message>
        <source>Bring the whole cervix into view and into the light, then retake.</source>
        <translation>将整个宫颈移入视野并置于光照下，然后重拍。</translation>
    </message>
    <message>
        <source>Bringing a model</source>
        <translation>正在导入模型</translation>
    </message>
    <message>
        <source>Bringing a model in</source>
        <translation>正在导入模型</translation>
    </message>
    <message>
        <source>Bringing in pictures</source>
        <translation>正在导入图像</translation>
    </message>
    <message>
        <source>Bringing in the pictures</source>
        <translation>正在导入这些图像</translation>
    </message>
    <message>
        <source>Bringing it in ...</source>
        <translation>正在导入...</translation>
    </message>
    <message>
        <source>Brown</source>
        <translation>棕色</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>By</source>
        <comment>a person</comment>
        <translation>操作者</translation>
    </message>
    <message>
        <source>By hand</source>
        <translation>手动</translation>
    </message>
    <message>
        <source>By two points, {apart:.0f} pixels apart.</source>
        <translation>按两点，相距 {apart:.0f} 像素。</translation>
    </message>
    <message>
        <source>By whom: part of a name</source>
        <translation>操作者：姓名的一部分</translation>
    </message>
    <message>
        <source>CIN2 or CIN3</source>
        <translation>CIN2 或 CIN3</translation>
    </message>
    <message>
        <source>CIN2+ seen as high</source>
        <translation>CIN2+ 判为高级别</translation>
    </message>
    <message>
        <source>CIN3 or cancer</source>
        <translation>CIN3 或癌</translation>
    </message>
    <message>
        <source>CMYK converted to RGB</source>
        <translation>CMYK 已转换为 RGB</translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation>CSV (*.csv)</translation>
    </message>
    <message>
        <source>Ca&amp;pture</source>
        <translation>采集(&amp;C)</translation>
    </message>
    <message>
        <source>Calibrate the scale ...</source>
        <translation>校准标尺...</translation>
    </message>
    <message>
        <source>Calibrated probabilities.</source>
        <translation>已校准的概率。</translation>
    </message>
    <message>
        <source>Calibration error (low is good)</source>
        <translation>校准误差（越低越好）</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>相机</translation>
    </message>
    <message>
        <source>Canal opened by</source>
        <translation>宫颈管暴露方式</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel {job}</source>
        <translation>取消{job}</translation>
    </message>
    <message>
        <source>Cancer</source>
        <comment>grade</comment>
        <translation>癌</translation>
    </message>
    <message>
        <source>Cannot be graded</source>
        <translation>无法分级</translation>
    </message>
    <message>
        <source>Cannot be graded ...</source>
        <translation>无法分级...</translation>
    </message>
    <message>
        <source>Cannot be graded, with a reason</source>
        <translation>无法分级，须说明理由</translation>
    </message>
    <message>
        <source>Cannot be graded: {reason}</source>
        <translation>无法分级：{reason}</translation>
    </message>
    <message>
        <source>Cannot be read: {why}</source>
        <translation>无法读取：{why}</translation>
    </message>
    <message>
        <source>Cannot be switched here: the library is open for reading only, and the switch must go on record.</source>
        <translation>无法在此切换：病例库以只读方式打开，而切换必须记录。</translation>
    </message>
    <message>
        <source>Capture</source>
        <translation>采集</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>病例</translation>
    </message>
    <message>
        <source>Cases by grade</source>
        <translation>各级别的病例</translation>
    </message>
    <message>
        <source>Cases of this library</source>
        <translation>本病例库的病例</translation>
    </message>
    <message>
        <source>Cases that are graded differently</source>
        <translation>分级不同的病例</translation>
    </message>
    <message>
        <source>Cases that the figures are of</source>
        <translation>统计数字所涉病例</translation>
    </message>
    <message>
        <source>Centring</source>
        <translation>居中</translation>
    </message>
    <message>
        <source>Cervix</source>
        <translation>宫颈</translation>
    </message>
    <message>
        <source>Cervix tool</source>
        <translation>宫颈工具</translation>
    </message>
    <message>
        <source>Change ...</source>
        <translation>更改...</translation>
    </message>
    <message>
        <source>Change keys</source>
        <translation>更改按键</translation>
    </message>
    <message>
        <source>Change my impression
from {own} to {grade}</source>
        <translation>将我的印象
由{own}改为{grade}</translation>
    </message>
    <message>
        <source>Change my password...</source>
        <translation>更改我的密码...</translation>
    </message>
    <message>
        <source>Change...</source>
        <translation>更改...</translation>
    </message>
    <message>
        <source>Changes, with removals</source>
        <translation>更改（含移除）</translation>
    </message>
    <message>
        <source>Check of this computer</source>
        <translation>对这台计算机的检查</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit and are as the camera took them, neither cut nor squeezed; if so, place four points by hand.</source>
        <translation>请核对两张图像是否为同一患者本次就诊所拍，且为相机原图，既未裁剪也未挤压变形；如是，请手动放置四个点。</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots that are sharp in both. The pictures can be looked at together meanwhile.</source>
        <translation>请核对两张图像是否为同一患者本次就诊所拍。如是，请在两图均清晰的位置重新放置四个或更多点。在此期间可同时查看两张图像。</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit: they have too few structures to compare.</source>
        <translation>请核对两张图像是否为同一患者本次就诊所拍：可供比较的结构太少。</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit; if they do, place four points by hand.</source>
        <translation>请核对两张图像是否为同一患者本次就诊所拍；如是，请手动放置四个点。</translation>
    </message>
    <message>
        <source>Check the trail</source>
        <translation>校验审计追踪</translation>
    </message>
    <message>
        <source>Check the trail, and look for this line in a backup.</source>
        <translation>校验审计追踪，并在备份中查找此行。</translation>
    </message>
    <message>
        <source>Check this &amp;computer...</source>
        <translation>检查这台计算机(&amp;C)...</translation>
    </message>
    <message>
        <source>Check this library</source>
        <translation>校验此病例库</translation>
    </message>
    <message>
        <source>Check weights</source>
        <translation>校验权重</translation>
    </message>
    <message>
        <source>Check: aligned only in part, {error}</source>
        <translation>请核对：仅部分对齐，{error}</translation>
    </message>
    <message>
        <source>Checked: the weights are what model.toml promises, and {seal}.</source>
        <translation>已检查：权重与 model.toml 所述一致，且{seal}。</translation>
    </message>
    <message>
        <source>Checker</source>
        <translation>棋盘格</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>棋盘格</translation>
    </message>
    <message>
        <source>Checking a model file</source>
        <translation>正在检查模型文件</translation>
    </message>
    <message>
        <source>Checking and reading the pair</source>
        <translation>正在检查和读取配对</translation>
    </message>
    <message>
        <source>Checking clips</source>
        <translation>正在检查视频片段</translation>
    </message>
    <message>
        <source>Checking pictures</source>
        <translation>正在检查图像</translation>
    </message>
    <message>
        <source>Checking quality</source>
        <translation>正在检查质量</translation>
    </message>
    <message>
        <source>Checking the audit trail</source>
        <translation>正在检查审计追踪</translation>
    </message>
    <message>
        <source>Checking the clips of the backup</source>
        <translation>正在检查备份中的视频片段</translation>
    </message>
    <message>
        <source>Checking the copy</source>
        <translation>正在检查副本</translation>
    </message>
    <message>
        <source>Checking the copy of the database</source>
        <translation>正在检查数据库副本</translation>
    </message>
    <message>
        <source>Checking the database</source>
        <translation>正在检查数据库</translation>
    </message>
    <message>
        <source>Checking the export</source>
        <translation>正在检查导出内容</translation>
    </message>
    <message>
        <source>Checking the file ...</source>
        <translation>正在检查文件...</translation>
    </message>
    <message>
        <source>Checking the library</source>
        <translation>正在检查病例库</translation>
    </message>
    <message>
        <source>Checking the model</source>
        <translation>正在检查模型</translation>
    </message>
    <message>
        <source>Checking the pictures of the backup</source>
        <translation>正在检查备份中的图像</translation>
    </message>
    <message>
        <source>Checking the update file</source>
        <translation>正在检查更新文件</translation>
    </message>
    <message>
        <source>Checking the weights</source>
        <translation>正在检查权重</translation>
    </message>
    <message>
        <source>Checking the weights...</source>
        <translation>正在检查权重...</translation>
    </message>
    <message>
        <source>Checking the whole trail ...</source>
        <translation>正在检查全部审计追踪...</translation>
    </message>
    <message>
        <source>Checking what was made of the pictures</source>
        <translation>正在检查由图像生成的内容</translation>
    </message>
    <message>
        <source>Checking what was made of them</source>
        <translation>正在检查由其生成的内容</translation>
    </message>
    <message>
        <source>Checking {name}</source>
        <translation>正在检查 {name}</translation>
    </message>
    <message>
        <source>Checking...</source>
        <translation>正在检查...</translation>
    </message>
    <message>
        <source>Choice of the site</source>
        <translation>本机构的选择</translation>
    </message>
    <message>
        <source>Choose ...</source>
        <translation>选择...</translation>
    </message>
    <message>
        <source>Choose a camera, or write its address.</source>
        <translation>请选择相机，或填写其地址。</translation>
    </message>
    <message>
        <source>Choose a folder...</source>
        <translation>选择文件夹...</translation>
    </message>
    <message>
        <source>Choose a grade.</source>
        <translation>请选择级别。</translation>
    </message>
    <message>
        <source>Choose a larger resolution of the camera.</source>
        <translation>请为相机选择更高的分辨率。</translation>
    </message>
    <message>
        <source>Choose a model for these pictures, or pictures for this model.</source>
        <translation>请为这些图像选择模型，或为此模型选择图像。</translation>
    </message>
    <message>
        <source>Choose a row to see what is known of it, and why.</source>
        <translation>选择一行，查看已知信息及其依据。</translation>
    </message>
    <message>
        <source>Choose a row: its result is entered here.</source>
        <translation>选择一行：在此录入其结果。</translation>
    </message>
    <message>
        <source>Choose a second camera that is another one than the first.</source>
        <translation>第二台相机须与第一台不同。</translation>
    </message>
    <message>
        <source>Choose a visit on Today first.</source>
        <translation>请先在“今日”中选择一次就诊。</translation>
    </message>
    <message>
        <source>Choose a woman in the list first.</source>
        <translation>请先在列表中选择患者。</translation>
    </message>
    <message>
        <source>Choose an impression first (Findings).</source>
        <translation>请先在“所见”中选择印象。</translation>
    </message>
    <message>
        <source>Choose another resolution of the camera.</source>
        <translation>请为相机选择其他分辨率。</translation>
    </message>
    <message>
        <source>Choose files...</source>
        <translation>选择文件...</translation>
    </message>
    <message>
        <source>Choose folders, zips or picture files, or drop them here. They are looked at first: whose they are, when they were taken, what they show. Nothing is brought in before you have seen it, and nothing is changed where it lies.</source>
        <translation>选择文件夹、zip 或图像文件，或拖放到此处。会先查看其内容：属于哪位患者、何时拍摄、显示什么。在你看过之前不会导入任何内容，原位置的内容也不会更改。</translation>
    </message>
    <message>
        <source>Choose her in Today, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation>在“今日”中选择患者，或立即开始：此时就诊尚未分配，须在签署前分配给该患者。</translation>
    </message>
    <message>
        <source>Choose in Today</source>
        <translation>在今日中选择</translation>
    </message>
    <message>
        <source>Choose one or two pictures and press Enter to put them on the stage, Delete to remove them. Enter on a clip plays it.</source>
        <translation>选择一张或两张图像，按 Enter 放到图像区，按 Delete 移除。在视频片段上按 Enter 播放。</translation>
    </message>
    <message>
        <source>Choose or drop picture files.</source>
        <translation>选择或拖放图像文件。</translation>
    </message>
    <message>
        <source>Choose picture files</source>
        <translation>选择图像文件</translation>
    </message>
    <message>
        <source>Choose picture files, or drop them here</source>
        <translation>选择图像文件，或拖放到此处</translation>
    </message>
    <message>
        <source>Choose the Lugol's iodine picture that belongs to this white-light picture.</source>
        <translation>选择与此白光图像对应的卢戈碘液图像。</translation>
    </message>
    <message>
        <source>Choose the fluorescence picture that belongs to this white-light picture.</source>
        <translation>选择与此白光图像对应的荧光图像。</translation>
    </message>
    <message>
        <source>Choose the folder into which the device saves.</source>
        <translation>选择设备保存图像的文件夹。</translation>
    </message>
    <message>
        <source>Choose the green filter picture that belongs to this white-light picture.</source>
        <translation>选择与此白光图像对应的绿色滤镜图像。</translation>
    </message>
    <message>
        <source>Choose the pictures in the filmstrip first: a click, or Shift and the arrows.</source>
        <translation>请先在图像条中选择图像：点击，或 Shift 加方向键。</translation>
    </message>
    <message>
        <source>Choose the pin before or after, then what is drawn; in the player: the picture before or after</source>
        <translation>选择上一个或下一个活检标记，然后是所绘内容；播放器中：上一张或下一张图像</translation>
    </message>
    <message>
        <source>Choose the port of the lamp.</source>
        <translation>请选择光源灯的端口。</translation>
    </message>
    <message>
        <source>Choose the white-light picture that belongs to this fluorescence picture.</source>
        <translation>选择与此荧光图像对应的白光图像。</translation>
    </message>
    <message>
        <source>Choose where it is to go first.</source>
        <translation>请先选择保存位置。</translation>
    </message>
    <message>
        <source>Chosen by the camera itself</source>
        <translation>由相机自动选择</translation>
    </message>
    <message>
        <source>Chosen folders, zips and files</source>
        <translation>所选的文件夹、zip 和文件</translation>
    </message>
    <message>
        <source>Circumference</source>
        <translation>周长</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Clear filters</source>
        <translation>清除筛选</translation>
    </message>
    <message>
        <source>Clear the impression</source>
        <translation>清除印象</translation>
    </message>
    <message>
        <source>Clear the search: all visits again</source>
        <translation>清除搜索：恢复显示全部就诊</translation>
    </message>
    <message>
        <source>Click a spot that you recognise in both pictures, then the same spot in the other.</source>
        <translation>点击在两张图像中都能辨认的一处，然后在另一图像中点击同一处。</translation>
    </message>
    <message>
        <source>Click on the cervix, or draw round a place, to see how it whitened.</source>
        <translation>点击宫颈或圈出一处，查看其醋白变化。</translation>
    </message>
    <message>
        <source>Click the external os: the centre of the clock</source>
        <translation>点击宫颈外口：钟点方位的中心</translation>
    </message>
    <message>
        <source>Click the page to try it; {help.tour} comes back here. Escape ends the tour.</source>
        <translation>点击页面试用；按 {help.tour} 返回此处。按 Esc 结束导览。</translation>
    </message>
    <message>
        <source>Click to open the visit</source>
        <translation>点击打开就诊</translation>
    </message>
    <message>
        <source>Click to place a biopsy pin, drag one to move it</source>
        <translation>点击放置活检标记，拖动可移动</translation>
    </message>
    <message>
        <source>Clinician: sees names, examines, reads, signs</source>
        <translation>临床医师：可见姓名，检查、阅片、签署</translation>
    </message>
    <message>
        <source>Clip</source>
        <translation>视频片段</translation>
    </message>
    <message>
        <source>Clip (internal number)</source>
        <translation>视频片段（内部编号）</translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library, with the visit before.</source>
        <translation>{seconds:.0f} 秒的视频片段已存入病例库，归入之前的就诊。</translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library.</source>
        <translation>{seconds:.0f} 秒的视频片段已存入病例库。</translation>
    </message>
    <message>
        <source>Clip, picture {place} of {count}</source>
        <translation>视频片段，第 {place} 张图像，共 {count} 张</translation>
    </message>
    <message>
        <source>Clips</source>
        <translation>视频片段</translation>
    </message>
    <message>
        <source>Clips of this visit</source>
        <translation>本次就诊的视频片段</translation>
    </message>
    <message>
        <source>Clips of this visit, or back to the live picture</source>
        <translation>本次就诊的视频片段，或返回实时画面</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Close message</source>
        <translation>关闭消息</translation>
    </message>
    <message>
        <source>Close once more</source>
        <translation>再次关闭</translation>
    </message>
    <message>
        <source>Close the corners of a lesion</source>
        <translation>闭合病变轮廓</translation>
    </message>
    <message>
        <source>Close the guide</source>
        <translation>关闭指南</translation>
    </message>
    <message>
        <source>Close the task</source>
        <translation>关闭任务</translation>
    </message>
    <message>
        <source>Close this form first (Esc): undo is of the examination behind it.</source>
        <translation>请先关闭此表单（Esc）：撤销针对的是其后方的检查。</translation>
    </message>
    <message>
        <source>Close without it</source>
        <translation>不保存并关闭</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>Closing words may name {fields}.</source>
        <translation>结束语中可使用 {fields}。</translation>
    </message>
    <message>
        <source>Closing words of reports</source>
        <translation>报告结束语</translation>
    </message>
    <message>
        <source>Closing: waiting for running work to stop. Close again to leave at once.</source>
        <translation>正在关闭：等待运行中的任务停止。再次关闭则立即退出。</translation>
    </message>
    <message>
        <source>Coarse or atypical vessels</source>
        <translation>粗大或异型血管</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Colours of the model attention</source>
        <translation>模型关注区的颜色</translation>
    </message>
    <message>
        <source>Colposcopy in DICOM</source>
        <translation>DICOM 中的阴道镜检查</translation>
    </message>
    <message>
        <source>Colposcopy report</source>
        <translation>阴道镜检查报告</translation>
    </message>
    <message>
        <source>Compare on the locked test</source>
        <translation>在锁定测试集上比较</translation>
    </message>
    <message>
        <source>Compare visits ...</source>
        <translation>比较就诊...</translation>
    </message>
    <message>
        <source>Compare with
{visit}'s picture</source>
        <translation>比较：
{visit}的图像</translation>
    </message>
    <message>
        <source>Compare with an earlier visit ...</source>
        <translation>与既往就诊比较...</translation>
    </message>
    <message>
        <source>Compare with {visit}'s picture</source>
        <translation>与{visit}的图像比较</translation>
    </message>
    <message>
        <source>Compared on the locked test; it is to answer</source>
        <translation>已在锁定测试集上比较；由其给出结果</translation>
    </message>
    <message>
        <source>Comparing pictures</source>
        <translation>正在比较图像</translation>
    </message>
    <message>
        <source>Comparing the records with the audit trail</source>
        <translation>正在将记录与审计追踪比较</translation>
    </message>
    <message>
        <source>Comparing two models</source>
        <translation>正在比较两个模型</translation>
    </message>
    <message>
        <source>Comparing {source} pictures that may be the same</source>
        <translation>正在比较可能相同的{source}图像</translation>
    </message>
    <message>
        <source>Complete: nothing is missing</source>
        <translation>完整：无缺项</translation>
    </message>
    <message>
        <source>Comprehensive set, also missing: {titles}.</source>
        <translation>完整数据集，另缺：{titles}。</translation>
    </message>
    <message>
        <source>Comprehensive set: complete.</source>
        <translation>完整数据集：齐全。</translation>
    </message>
    <message>
        <source>Confirm a&amp;ll</source>
        <translation>全部确认(&amp;L)</translation>
    </message>
    <message>
        <source>Confirm: press again</source>
        <translation>确认：请再按一次</translation>
    </message>
    <message>
        <source>Confirmed: {what}. Undo takes it back.</source>
        <translation>已确认：{what}。可撤销。</translation>
    </message>
    <message>
        <source>Consent</source>
        <translation>知情同意</translation>
    </message>
    <message>
        <source>Consent was not given</source>
        <translation>未取得知情同意</translation>
    </message>
    <message>
        <source>Content</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: brush</source>
        <translation>所选病变的轮廓：画笔</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: eraser</source>
        <translation>所选病变的轮廓：橡皮擦</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: outline tool</source>
        <translation>所选病变的轮廓：勾画工具</translation>
    </message>
    <message>
        <source>Contour only</source>
        <translation>仅轮廓</translation>
    </message>
    <message>
        <source>Contours and SCJ line are hidden ({key})</source>
        <translation>轮廓和 SCJ 线已隐藏（{key}）</translation>
    </message>
    <message>
        <source>Contraception</source>
        <translation>避孕</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
    <message>
        <source>Copying</source>
        <translation>正在复制</translation>
    </message>
    <message>
        <source>Copying the database</source>
        <translation>正在复制数据库</translation>
    </message>
    <message>
        <source>Corner of a lesion</source>
        <translation>病变的顶点</translation>
    </message>
    <message>
        <source>Counting ...</source>
        <translation>正在统计...</translation>
    </message>
    <message>
        <source>Counting the cases ...</source>
        <translation>正在统计病例...</translation>
    </message>
    <message>
        <source>Cover words again</source>
        <translation>重新遮盖文字</translation>
    </message>
    <message>
        <source>Covered: blood, mucus, instrument</source>
        <translation>遮挡：血液、黏液、器械</translation>
    </message>
    <message>
        <source>Ctrl+Shift+R. It is put on record and cannot be taken back.</source>
        <translation>Ctrl+Shift+R。将被记录，无法撤回。</translation>
    </message>
    <message>
        <source>Ctrl+Shift+{number}; undo takes it back</source>
        <translation>Ctrl+Shift+{number}；可撤销</translation>
    </message>
    <message>
        <source>Cytology (Bethesda)</source>
        <translation>细胞学（Bethesda）</translation>
    </message>
    <message>
        <source>Cytology of</source>
        <translation>细胞学日期</translation>
    </message>
    <message>
        <source>DICOM WITH names: archive, another clinic</source>
        <translation>含姓名的 DICOM：存档、其他机构</translation>
    </message>
    <message>
        <source>DICOM is not read here</source>
        <translation>此处不读取 DICOM</translation>
    </message>
    <message>
        <source>DICOM of a kind that is not known</source>
        <translation>未知类型的 DICOM</translation>
    </message>
    <message>
        <source>DICOM with names goes out as it is: there is nothing to look at first.</source>
        <translation>含姓名的 DICOM 按原样导出：无需事先查看。</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Dark frame taken. It is subtracted from fluorescence pictures from now on.</source>
        <translation>暗帧已拍摄。此后将从荧光图像中减去。</translation>
    </message>
    <message>
        <source>Dashes: while learning. {done} of {all} epochs done.</source>
        <translation>虚线：训练时的损失。共 {all} 轮，已完成 {done} 轮。</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Day</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Day of the report, 14 Mar 2026</source>
        <translation>报告日期，如 2026年3月14日</translation>
    </message>
    <message>
        <source>Dec</source>
        <translation>12月</translation>
    </message>
    <message>
        <source>December</source>
        <translation>十二月</translation>
    </message>
    <message>
        <source>Decide between readers</source>
        <translation>裁定阅片分歧</translation>
    </message>
    <message>
        <source>Decide: pair {number:,} of {pairs:,}</source>
        <translation>裁定：第 {number:,} 对，共 {pairs:,} 对</translation>
    </message>
    <message>
        <source>Deciduosis, and she is not known to be pregnant</source>
        <translation>有蜕膜样变，但不知患者妊娠</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>决定</translation>
    </message>
    <message>
        <source>Decision of {reader}</source>
        <translation>{reader} 的裁定</translation>
    </message>
    <message>
        <source>Delete</source>
        <comment>key</comment>
        <translation>Delete</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete pin {letter}</source>
        <translation>删除活检标记 {letter}</translation>
    </message>
    <message>
        <source>Delete {specimen}</source>
        <translation>删除{specimen}</translation>
    </message>
    <message>
        <source>Demo library</source>
        <translation>演示病例库</translation>
    </message>
    <message>
        <source>Demo library - phantoms, no real women</source>
        <translation>演示病例库 - 模拟体模，无真实患者</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Device of this workstation</source>
        <translation>本工作站的设备</translation>
    </message>
    <message>
        <source>Device of this workstation ...</source>
        <translation>本工作站的设备...</translation>
    </message>
    <message>
        <source>Device {device} ({cases:,})</source>
        <translation>设备 {device}（{cases:,}）</translation>
    </message>
    <message>
        <source>Devices: {devices}.</source>
        <translation>设备：{devices}。</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation>诊断</translation>
    </message>
    <message>
        <source>Diagram</source>
        <translation>示意图</translation>
    </message>
    <message>
        <source>Diagram of the cervix</source>
        <translation>宫颈示意图</translation>
    </message>
    <message>
        <source>Difference (95 %)</source>
        <translation>差值（95%）</translation>
    </message>
    <message>
        <source>Dimmed: not seen by the engine.</source>
        <translation>变暗处：分析引擎未看到。</translation>
    </message>
    <message>
        <source>Discussed on</source>
        <translation>讨论日期</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Distance from what the model learned from</source>
        <translation>与模型训练数据的距离</translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not checked when this answer was made.</source>
        <translation>与模型训练数据的距离：得出此结果时未检查。</translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not known, this model keeps no measure of it.</source>
        <translation>与模型训练数据的距离：未知，此模型未保存相应度量。</translation>
    </message>
    <message>
        <source>Distinct, stearin-like</source>
        <translation>明显，蜡样（不透明）</translation>
    </message>
    <message>
        <source>Distinctly yellow</source>
        <translation>明显黄色</translation>
    </message>
    <message>
        <source>Do it</source>
        <translation>执行</translation>
    </message>
    <message>
        <source>Do not rely on grade or model attention (see AI).</source>
        <translation>请勿依赖级别或模型关注区（见 AI）。</translation>
    </message>
    <message>
        <source>Do not rely on the AI answer and the model attention in this report.</source>
        <translation>请勿依赖本报告中的 AI 结果和模型关注区。</translation>
    </message>
    <message>
        <source>Do not rely on this answer.</source>
        <translation>请勿依赖此结果。</translation>
    </message>
    <message>
        <source>Do not rely on this grade.</source>
        <translation>请勿依赖此级别。</translation>
    </message>
    <message>
        <source>Doing again: {step}</source>
        <translation>正在重做：{step}</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Done again: {step}</source>
        <translation>已重做：{step}</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Dr. Given Family</source>
        <translation>医师姓名</translation>
    </message>
    <message>
        <source>Drag a box over what names somebody (keys: arrows, Space, arrows, Space). Dashed: words that the program found; W goes to them, Delete lays wrong ones bare. Z: one to one. Page Down: the next picture. Escape: back.</source>
        <translation>拖出方框遮盖能识别个人身份的内容（按键：方向键、空格、方向键、空格）。虚线框：程序找到的文字；按 W 跳至这些文字，按 Delete 取消错误的遮盖。Z：1:1。Page Down：下一张图像。Esc：返回。</translation>
    </message>
    <message>
        <source>Drag around a lesion, or click its corners</source>
        <translation>围绕病变拖动，或逐一点击其顶点</translation>
    </message>
    <message>
        <source>Drag the pictures, or a pin to move it</source>
        <translation>拖动图像，或拖动活检标记以移动</translation>
    </message>
    <message>
        <source>Drag to draw a box. Or arrows move the cross, Space sets one corner and then the other, Delete takes the last box away, W goes to words that were found, where Delete lays them bare and Control Z covers them again, N shows the next picture with words, Z shows one to one, Page Down shows the next picture, Escape goes back.</source>
        <translation>拖动以绘制方框。或用方向键移动十字光标，按空格先定一角再定对角，按 Delete 移除最后一个方框；按 W 跳至找到的文字，在该处按 Delete 取消遮盖，按 Ctrl+Z 重新遮盖；按 N 显示下一张含文字的图像，按 Z 以 1:1 显示，按 Page Down 显示下一张图像，按 Esc 返回。</translation>
    </message>
    <message>
        <source>Drag, or arrow keys; Home and End: the first and the last</source>
        <translation>拖动或用方向键；Home 和 End：第一个和最后一个</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>绘制</translation>
    </message>
    <message>
        <source>Draw a lesion, or the next: drag, or click its corners</source>
        <translation>绘制病变或下一个病变：拖动，或逐一点击其顶点</translation>
    </message>
    <message>
        <source>Draw around the cervix in one stroke, where it was not found right; Q shows it</source>
        <translation>宫颈识别不准确时，一笔圈出宫颈；按 Q 显示</translation>
    </message>
    <message>
        <source>Draw contours of the chosen lesion (D: outline, B: brush, E: eraser) and the SCJ line (J)</source>
        <translation>绘制所选病变的轮廓（D：勾画，B：画笔，E：橡皮擦）和 SCJ 线（J）</translation>
    </message>
    <message>
        <source>Draw the cervix as the program found it</source>
        <translation>按程序识别的结果绘制宫颈</translation>
    </message>
    <message>
        <source>Drawing</source>
        <translation>绘图</translation>
    </message>
    <message>
        <source>Drawing phantoms to rehearse</source>
        <translation>正在绘制练习用模拟体模</translation>
    </message>
    <message>
        <source>Drawing the demo library</source>
        <translation>正在绘制演示病例库</translation>
    </message>
    <message>
        <source>Drawn in dashes: tissue near it that did not whiten. Look whether it is normal, or click on other tissue.</source>
        <translation>虚线所示：附近无醋白变化的组织。查看其是否正常，或点击其他组织。</translation>
    </message>
    <message>
        <source>Drive</source>
        <translation>驱动器</translation>
    </message>
    <message>
        <source>Dull, opaque, oyster white; grey</source>
        <translation>暗淡、不透明、牡蛎白色；灰色</translation>
    </message>
    <message>
        <source>E&amp;xamine live</source>
        <translation>实时检查(&amp;X)</translation>
    </message>
    <message>
        <source>E&amp;xport</source>
        <translation>导出(&amp;X)</translation>
    </message>
    <message>
        <source>E&amp;xport...</source>
        <translation>导出(&amp;X)...</translation>
    </message>
    <message>
        <source>ECC</source>
        <comment>endocervical curettage</comment>
        <translation>ECC</translation>
    </message>
    <message>
        <source>ECE</source>
        <translation>ECE</translation>
    </message>
    <message>
        <source>Each of the two pictures</source>
        <translation>两张图像均</translation>
    </message>
    <message>
        <source>Each patient has a visit.</source>
        <translation>每位患者都有就诊。</translation>
    </message>
    <message>
        <source>Each source alone</source>
        <translation>各光源单独</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>既往</translation>
    </message>
    <message>
        <source>Earlier colposcopy</source>
        <translation>既往阴道镜检查</translation>
    </message>
    <message>
        <source>Earlier treatment</source>
        <translation>既往治疗</translation>
    </message>
    <message>
        <source>Earlier, {day}</source>
        <translation>既往，{day}</translation>
    </message>
    <message>
        <source>Edit patient</source>
        <translation>编辑患者</translation>
    </message>
    <message>
        <source>Empty list</source>
        <translation>空列表</translation>
    </message>
    <message>
        <source>Encrypting pictures</source>
        <translation>正在加密图像</translation>
    </message>
    <message>
        <source>End with the best so far</source>
        <translation>以目前最佳结束</translation>
    </message>
    <message>
        <source>Endoscopy (ES)</source>
        <translation>内镜（ES）</translation>
    </message>
    <message>
        <source>Enough?</source>
        <translation>足够？</translation>
    </message>
    <message>
        <source>Enter</source>
        <comment>key</comment>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Enter compares the chosen picture with the one on the stage, Escape closes.</source>
        <translation>Enter 将所选图像与图像区中的图像比较，Esc 关闭。</translation>
    </message>
    <message>
        <source>Enter opens its visit in Review</source>
        <translation>Enter 在“阅片”中打开其就诊</translation>
    </message>
    <message>
        <source>Enter or a click opens the visit.</source>
        <translation>按 Enter 或点击打开就诊。</translation>
    </message>
    <message>
        <source>Enter or a double click shows a picture large, to read small words and to draw boxes. Delete leaves it out.</source>
        <translation>Enter 或双击可放大显示图像，以便阅读小字和画框。Delete 将其略过。</translation>
    </message>
    <message>
        <source>Enter shows a picture large, to draw boxes. Delete leaves it out or lets it go. N: the next with words.</source>
        <translation>Enter 放大显示图像，以便画框。Delete 将其略过或允许导出。N：下一张含文字的图像。</translation>
    </message>
    <message>
        <source>Enter, or a click on the first corner</source>
        <translation>Enter，或点击第一个顶点</translation>
    </message>
    <message>
        <source>Entered by</source>
        <translation>录入者</translation>
    </message>
    <message>
        <source>Entered by {person}.</source>
        <translation>由 {person} 录入。</translation>
    </message>
    <message>
        <source>Entered by {reader}.</source>
        <translation>由 {reader} 录入。</translation>
    </message>
    <message>
        <source>Entered on</source>
        <translation>录入日期</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>Esc: back to the grades</source>
        <translation>Esc：返回级别</translation>
    </message>
    <message>
        <source>Escape</source>
        <comment>key</comment>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Escape closes</source>
        <translation>Esc 关闭</translation>
    </message>
    <message>
        <source>Escape in the search field shows all visits.</source>
        <translation>在搜索框中按 Esc 显示所有就诊。</translation>
    </message>
    <message>
        <source>Every visit is signed.</source>
        <translation>所有就诊均已签署。</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Everything stays on this computer: no picture, name or number is sent anywhere.</source>
        <translation>所有内容都保留在本计算机上：不向任何地方发送图像、姓名或编号。</translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>所有页面</translation>
    </message>
    <message>
        <source>Examination</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Examination</source>
        <comment>whether it was adequate</comment>
        <translation>检查满意度</translation>
    </message>
    <message>
        <source>Examination (IFCPC 2011)</source>
        <translation>检查（IFCPC 2011）</translation>
    </message>
    <message>
        <source>Examination and lesions</source>
        <translation>检查与病变</translation>
    </message>
    <message>
        <source>Examination by IFCPC</source>
        <translation>按 IFCPC 检查</translation>
    </message>
    <message>
        <source>Examine her, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation>检查该患者，或立即开始：此时就诊尚未分配，须在签署前分配给该患者。</translation>
    </message>
    <message>
        <source>Examine live</source>
        <translation>实时检查</translation>
    </message>
    <message>
        <source>Examined and reported by me</source>
        <translation>由本人检查并报告</translation>
    </message>
    <message>
        <source>Examiner</source>
        <translation>检查者</translation>
    </message>
    <message>
        <source>Examiner's view: 12 o'clock is up, the patient's left is on the right.</source>
        <translation>检查者视角：12 点在上，患者左侧在右。</translation>
    </message>
    <message>
        <source>Excision</source>
        <translation>切除</translation>
    </message>
    <message>
        <source>Excision margins</source>
        <translation>切缘</translation>
    </message>
    <message>
        <source>Excision type {excision} of a transformation zone type {tz}</source>
        <translation>{tz} 型转化区采用了 {excision} 型切除</translation>
    </message>
    <message>
        <source>Excitation</source>
        <translation>激发光</translation>
    </message>
    <message>
        <source>Excitation (nm)</source>
        <translation>激发光（nm）</translation>
    </message>
    <message>
        <source>Excitation is a wavelength between {low:.0f} and {high:.0f} nm.</source>
        <translation>激发光的波长应在 {low:.0f} 到 {high:.0f} nm 之间。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Export ...</source>
        <translation>导出...</translation>
    </message>
    <message>
        <source>Export WITH NAMES</source>
        <translation>导出（含姓名）</translation>
    </message>
    <message>
        <source>Export found lines signed...</source>
        <translation>导出找到的行并签名...</translation>
    </message>
    <message>
        <source>Export from this library</source>
        <translation>从本病例库导出</translation>
    </message>
    <message>
        <source>Export signed...</source>
        <translation>导出并签名...</translation>
    </message>
    <message>
        <source>Export the audit trail</source>
        <translation>导出审计追踪</translation>
    </message>
    <message>
        <source>Export the clip</source>
        <translation>导出视频片段</translation>
    </message>
    <message>
        <source>Export the filtered part of the audit trail</source>
        <translation>导出审计追踪的筛选部分</translation>
    </message>
    <message>
        <source>Export this visit...</source>
        <translation>导出本次就诊...</translation>
    </message>
    <message>
        <source>Export without names</source>
        <translation>导出（不含姓名）</translation>
    </message>
    <message>
        <source>Export...</source>
        <translation>导出...</translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (a part of the trail, as filtered) to {file}.</source>
        <translation>
            <numerusform>已将 %n 行（筛选出的部分审计追踪）导出至 {file}。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (the whole trail) to {file}.</source>
        <translation>
            <numerusform>已将 %n 行（完整审计追踪）导出至 {file}。</numerusform>
        </translation>
    </message>
    <message>
        <source>Exported, and on record</source>
        <translation>已导出并已记录</translation>
    </message>
    <message>
        <source>Exporting ...</source>
        <translation>正在导出...</translation>
    </message>
    <message>
        <source>Exporting for research</source>
        <translation>正在为研究导出</translation>
    </message>
    <message>
        <source>Exporting the audit trail</source>
        <translation>正在导出审计追踪</translation>
    </message>
    <message>
        <source>Exporting the clip</source>
        <translation>正在导出视频片段</translation>
    </message>
    <message>
        <source>Exporting with names</source>
        <translation>正在导出（含姓名）</translation>
    </message>
    <message>
        <source>Exporting. It goes on when you leave this page.</source>
        <translation>正在导出。离开本页后仍会继续。</translation>
    </message>
    <message>
        <source>Exports</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Exposure</source>
        <translation>曝光</translation>
    </message>
    <message>
        <source>Exposure (ms)</source>
        <translation>曝光（ms）</translation>
    </message>
    <message>
        <source>Extent into the canal</source>
        <translation>伸入宫颈管的范围</translation>
    </message>
    <message>
        <source>External-camera photography (XC)</source>
        <translation>外置相机摄影（XC）</translation>
    </message>
    <message>
        <source>F, double click</source>
        <translation>F、双击</translation>
    </message>
    <message>
        <source>FFV1 video, without loss (*.mkv)</source>
        <translation>FFV1 无损视频 (*.mkv)</translation>
    </message>
    <message>
        <source>FIRST FRAME FOLLOWED, not live</source>
        <translation>追踪的首帧，非实时</translation>
    </message>
    <message>
        <source>FROM A CLIP, not live</source>
        <translation>来自视频片段，非实时</translation>
    </message>
    <message>
        <source>FROZEN</source>
        <translation>已冻结</translation>
    </message>
    <message>
        <source>FROZEN, for the scale</source>
        <translation>已冻结，用于比例尺</translation>
    </message>
    <message>
        <source>Faintly or patchy yellow</source>
        <translation>淡黄色或斑驳黄色</translation>
    </message>
    <message>
        <source>Family name</source>
        <translation>姓</translation>
    </message>
    <message>
        <source>Feb</source>
        <translation>2月</translation>
    </message>
    <message>
        <source>February</source>
        <translation>二月</translation>
    </message>
    <message>
        <source>Field</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Fields of the chosen line, before and after</source>
        <translation>所选行的字段，更改前与更改后</translation>
    </message>
    <message>
        <source>Figures of both models</source>
        <translation>两个模型的数据</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Files of &amp;type:</source>
        <translation>文件类型(&amp;T)：</translation>
    </message>
    <message>
        <source>Files: {names}.</source>
        <translation>文件：{names}。</translation>
    </message>
    <message>
        <source>Filling the demo library</source>
        <translation>正在填充演示病例库</translation>
    </message>
    <message>
        <source>Filmstrip: pictures of this visit in order of time</source>
        <translation>图像条：本次就诊的图像，按时间顺序</translation>
    </message>
    <message>
        <source>Filter</source>
        <comment>of glass, before the camera</comment>
        <translation>滤光片</translation>
    </message>
    <message>
        <source>Filter shortcuts</source>
        <translation>筛选快捷键</translation>
    </message>
    <message>
        <source>Filter; Escape goes back</source>
        <translation>筛选；Esc 返回</translation>
    </message>
    <message>
        <source>Find and open a visit</source>
        <translation>查找并打开就诊</translation>
    </message>
    <message>
        <source>Find her</source>
        <translation>查找患者</translation>
    </message>
    <message>
        <source>Find squares</source>
        <translation>查找方格</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>所见</translation>
    </message>
    <message>
        <source>Findings</source>
        <comment>tab</comment>
        <translation>所见</translation>
    </message>
    <message>
        <source>Findings in words</source>
        <translation>所见描述</translation>
    </message>
    <message>
        <source>Findings text</source>
        <translation>所见文本</translation>
    </message>
    <message>
        <source>Findings, AI, pins, report and referral card</source>
        <translation>所见、AI、活检标记、报告和转诊卡</translation>
    </message>
    <message>
        <source>Fine, of uniform calibre, closely and uniformly placed; poorly formed patterns of fine punctation or mosaic; beyond the margin of the transformation zone; within microcondylomatous or micropapillary lesions</source>
        <translation>细小、管径均匀、排列紧密而一致；形态不完整的细点状血管或细镶嵌；超出转化区边缘；位于微湿疣样或微乳头状病变内</translation>
    </message>
    <message>
        <source>Fine, regular</source>
        <translation>细小、规则</translation>
    </message>
    <message>
        <source>Fine-&amp;tune</source>
        <translation>微调(&amp;N)</translation>
    </message>
    <message>
        <source>Fine-tune</source>
        <translation>微调</translation>
    </message>
    <message>
        <source>Fine-tune on my cases</source>
        <translation>用我的病例微调</translation>
    </message>
    <message>
        <source>Fingerprint of the key that signs exports: {fingerprint}</source>
        <translation>导出签名密钥的指纹：{fingerprint}</translation>
    </message>
    <message>
        <source>Fingerprint of the key: ...</source>
        <translation>密钥指纹：...</translation>
    </message>
    <message>
        <source>Fingerprint of the key: {fingerprint}</source>
        <translation>密钥指纹：{fingerprint}</translation>
    </message>
    <message>
        <source>Fingerprint, as its sender told it</source>
        <translation>指纹（由发送方告知）</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Finish placing points first.</source>
        <translation>请先完成对应点的放置。</translation>
    </message>
    <message>
        <source>First read</source>
        <translation>首次阅片</translation>
    </message>
    <message>
        <source>First read before the AI: the AI answer stays hidden until there is an impression</source>
        <translation>先于 AI 的首次阅片：给出印象之前，AI 结果保持隐藏</translation>
    </message>
    <message>
        <source>First read, before the AI: {grade} ({who})</source>
        <translation>首次阅片（AI 之前）：{grade}（{who}）</translation>
    </message>
    <message>
        <source>First read, then AI. The answer stays hidden until you reveal it; your impression until then is kept.</source>
        <translation>先阅片，后看 AI。AI 结果在主动显示之前保持隐藏；在此之前给出的印象会保留。</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适合窗口</translation>
    </message>
    <message>
        <source>Flicker</source>
        <translation>闪烁</translation>
    </message>
    <message>
        <source>Flicker: the other picture</source>
        <translation>闪烁：另一张图像</translation>
    </message>
    <message>
        <source>Flicker: the other picture; in the player: play or pause</source>
        <translation>闪烁：另一张图像；播放器中：播放或暂停</translation>
    </message>
    <message>
        <source>Fluor.</source>
        <translation>荧光</translation>
    </message>
    <message>
        <source>Fluorescence</source>
        <translation>荧光</translation>
    </message>
    <message>
        <source>Fluorescence after acid</source>
        <translation>醋酸后荧光</translation>
    </message>
    <message>
        <source>Fluorescence before acid</source>
        <translation>醋酸前荧光</translation>
    </message>
    <message>
        <source>Fluorescence picture (internal number)</source>
        <translation>荧光图像（内部编号）</translation>
    </message>
    <message>
        <source>Fluorescence {stage}</source>
        <translation>荧光 {stage}</translation>
    </message>
    <message>
        <source>Fluorescence {when}</source>
        <translation>荧光 {when}</translation>
    </message>
    <message>
        <source>Fluorescence, {stage}</source>
        <translation>荧光，{stage}</translation>
    </message>
    <message>
        <source>Focus</source>
        <translation>对焦</translation>
    </message>
    <message>
        <source>Focus on the os, hold still, retake.</source>
        <translation>对焦于宫颈外口，保持不动，重拍。</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Folder for backups, best on another disk</source>
        <translation>备份文件夹，最好在另一磁盘上</translation>
    </message>
    <message>
        <source>Folder into which the device saves</source>
        <translation>设备保存图像的文件夹</translation>
    </message>
    <message>
        <source>Follow-up</source>
        <translation>随访</translation>
    </message>
    <message>
        <source>Follow-up after treatment, and no earlier treatment</source>
        <translation>治疗后随访，但无既往治疗</translation>
    </message>
    <message>
        <source>Follow-up of this visit</source>
        <translation>本次就诊的随访</translation>
    </message>
    <message>
        <source>Followed from {at} after acid on only: what had whitened by then is not in it.</source>
        <translation>仅自醋酸后 {at} 起追踪：此前已出现的醋白变化未计入。</translation>
    </message>
    <message>
        <source>Followed from {first:.0f} s after acid on only: what had whitened by then is not in it</source>
        <translation>仅自醋酸后 {first:.0f} 秒起追踪：此前已出现的醋白变化未计入</translation>
    </message>
    <message>
        <source>For looking only: the picture that is kept, the AI answer and the report stay as they are.</source>
        <translation>仅用于查看：保存的图像、AI 结果和报告均保持不变。</translation>
    </message>
    <message>
        <source>Forgets points and registers the pair automatically</source>
        <translation>清除对应点并自动配准配对图像</translation>
    </message>
    <message>
        <source>Frame into the visit</source>
        <translation>将此帧加入就诊</translation>
    </message>
    <message>
        <source>Frame of the clip</source>
        <translation>视频片段的帧</translation>
    </message>
    <message>
        <source>Free some space: it can be opened for writing here then</source>
        <translation>请释放一些空间：之后即可在此打开并写入</translation>
    </message>
    <message>
        <source>Freeze</source>
        <translation>冻结</translation>
    </message>
    <message>
        <source>Freeze the live picture, or go on</source>
        <translation>冻结实时图像，或继续</translation>
    </message>
    <message>
        <source>From</source>
        <translation>起始</translation>
    </message>
    <message>
        <source>From earlier runs {learn:,} women learn, {calibrate:,} calibrate and {test:,} are the locked test; new ones join them in these shares.</source>
        <translation>以往的训练中，{learn:,} 名患者用于训练，{calibrate:,} 名用于校准，{test:,} 名为锁定测试集；新患者按此比例加入。</translation>
    </message>
    <message>
        <source>From now on, {name} answers. Answers kept from other models stay in the library.</source>
        <translation>从现在起由 {name} 给出结果。其他模型已保存的结果留在病例库中。</translation>
    </message>
    <message>
        <source>From the left (pixels)</source>
        <translation>距左侧（像素）</translation>
    </message>
    <message>
        <source>From the top (pixels)</source>
        <translation>距顶部（像素）</translation>
    </message>
    <message>
        <source>From then on {model} answers on this computer instead of {before}. Answers that were kept stay as they are, each with the model it came from. One click rolls it back. Investigational - not for diagnosis.</source>
        <translation>此后在本计算机上由 {model} 代替 {before} 给出结果。已保存的结果保持不变，各自注明来自哪个模型。点击一次即可回退。仅供研究，不用于诊断。</translation>
    </message>
    <message>
        <source>From this day on</source>
        <translation>自该日起</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>增益</translation>
    </message>
    <message>
        <source>Ghost</source>
        <translation>叠影</translation>
    </message>
    <message>
        <source>Give an unassigned visit to a woman ...</source>
        <translation>将未分配的就诊分配给患者...</translation>
    </message>
    <message>
        <source>Give it to a woman ...</source>
        <translation>分配给患者...</translation>
    </message>
    <message>
        <source>Give it up</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Give the picture as the camera took it: no picture of a screen, no panels beside it, not saved at low quality.</source>
        <translation>请按相机拍摄的原样提供图像：不要翻拍屏幕，旁边不要有面板，不要以低质量保存。</translation>
    </message>
    <message>
        <source>Give the visit to her</source>
        <translation>将就诊分配给该患者</translation>
    </message>
    <message>
        <source>Give your grade first. Then come back to this pair and ask again.</source>
        <translation>请先给出级别。然后回到此配对图像，再次请求。</translation>
    </message>
    <message>
        <source>Give your impression ({review.impression_normal} to {review.impression_cancer}), then {review.reveal} reveals the AI answer; that goes on record and cannot be undone.</source>
        <translation>给出印象（{review.impression_normal} 至 {review.impression_cancer}），然后按 {review.reveal} 显示 AI 结果；此操作会被记录，且不能撤销。</translation>
    </message>
    <message>
        <source>Given name</source>
        <translation>名</translation>
    </message>
    <message>
        <source>Given up: not in the library</source>
        <translation>已放弃：不在病例库中</translation>
    </message>
    <message>
        <source>Glare</source>
        <translation>反光</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message numerus="yes">
        <source>Go on with the %n that (waits|wait)</source>
        <translation>
            <numerusform>继续处理待定的 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>前往</translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is fluorescence.</source>
        <translation>用于 {all} 张中的 {some} 张：其余为荧光。</translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is white light.</source>
        <translation>用于 {all} 张中的 {some} 张：其余为白光。</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>良好</translation>
    </message>
    <message>
        <source>Grade</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Grade 1 (minor)</source>
        <translation>1 级（次要）</translation>
    </message>
    <message>
        <source>Grade 2 (major)</source>
        <translation>2 级（主要）</translation>
    </message>
    <message>
        <source>Grade more pairs in Annotate, or enter histology in Review.</source>
        <translation>在“标注”中为更多配对图像给出级别，或在“阅片”中录入组织学。</translation>
    </message>
    <message>
        <source>Grade of the second read</source>
        <translation>第二次阅片的级别</translation>
    </message>
    <message>
        <source>Grade: indeterminate, likeliest {grade}, probability {share:.2f}</source>
        <translation>级别：不确定，最可能为{grade}，概率 {share:.2f}</translation>
    </message>
    <message>
        <source>Grade: {grade}</source>
        <translation>级别：{grade}</translation>
    </message>
    <message>
        <source>Grade: {grade}, probability {share:.2f}</source>
        <translation>级别：{grade}，概率 {share:.2f}</translation>
    </message>
    <message>
        <source>Graded {grade}: model attention shows {shows}.</source>
        <translation>判为{grade}：模型关注区显示{shows}。</translation>
    </message>
    <message>
        <source>Grades in a set (low is good)</source>
        <translation>预测集中的级别数（越低越好）</translation>
    </message>
    <message>
        <source>Grading</source>
        <translation>正在分级</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>绿色</translation>
    </message>
    <message>
        <source>Green</source>
        <comment>picture through a green filter</comment>
        <translation>绿色</translation>
    </message>
    <message>
        <source>Green filter</source>
        <translation>绿色滤镜</translation>
    </message>
    <message>
        <source>Green filter, for looking</source>
        <translation>绿色滤镜，供观察</translation>
    </message>
    <message>
        <source>Green filter, for looking only</source>
        <translation>绿色滤镜，仅供观察</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>网格</translation>
    </message>
    <message>
        <source>Guessed: {guesses}.</source>
        <translation>推测：{guesses}。</translation>
    </message>
    <message>
        <source>H (hold)</source>
        <translation>H（按住）</translation>
    </message>
    <message>
        <source>HL7 Lithuania, cervical 0.0.1</source>
        <translation>HL7 立陶宛，宫颈 0.0.1</translation>
    </message>
    <message>
        <source>HPV positive</source>
        <translation>HPV 阳性</translation>
    </message>
    <message>
        <source>HPV positive as indication, and no positive test</source>
        <translation>指征为 HPV 阳性，但无阳性检测</translation>
    </message>
    <message>
        <source>HPV test of</source>
        <translation>HPV 检测日期</translation>
    </message>
    <message>
        <source>HPV types</source>
        <translation>HPV 型别</translation>
    </message>
    <message>
        <source>HPV vaccination</source>
        <translation>HPV 疫苗接种</translation>
    </message>
    <message>
        <source>HPV {answer}</source>
        <translation>HPV {answer}</translation>
    </message>
    <message>
        <source>HPV, high risk</source>
        <translation>高危型 HPV</translation>
    </message>
    <message>
        <source>HSIL (CIN 2)</source>
        <translation>HSIL（CIN 2）</translation>
    </message>
    <message>
        <source>HSIL (CIN 3)</source>
        <translation>HSIL（CIN 3）</translation>
    </message>
    <message>
        <source>HSIL+ found at 85 % specificity</source>
        <translation>特异度 85% 时检出的 HSIL+</translation>
    </message>
    <message>
        <source>HSIL+ found, as graded</source>
        <translation>按所给级别检出的 HSIL+</translation>
    </message>
    <message>
        <source>HSIL+ sensitivity as graded</source>
        <translation>按所给级别的 HSIL+ 灵敏度</translation>
    </message>
    <message>
        <source>HSIL+ sensitivity at 85 % specificity</source>
        <translation>特异度 85% 时的 HSIL+ 灵敏度</translation>
    </message>
    <message>
        <source>Haemostasis</source>
        <translation>止血</translation>
    </message>
    <message>
        <source>Happened at</source>
        <translation>发生时间</translation>
    </message>
    <message>
        <source>Have it answer on this computer</source>
        <translation>在本计算机上启用</translation>
    </message>
    <message>
        <source>Heading of reports</source>
        <translation>报告抬头</translation>
    </message>
    <message>
        <source>Height (pixels)</source>
        <translation>高度（像素）</translation>
    </message>
    <message>
        <source>Her age is not known</source>
        <translation>患者年龄未知</translation>
    </message>
    <message>
        <source>Hidden. {key} shows it again.</source>
        <translation>已隐藏。按 {key} 重新显示。</translation>
    </message>
    <message>
        <source>Hide pictures ({count})</source>
        <translation>隐藏图像（{count}）</translation>
    </message>
    <message>
        <source>Hide the model attention</source>
        <translation>隐藏模型关注区</translation>
    </message>
    <message>
        <source>High</source>
        <comment>grade</comment>
        <translation>高级别</translation>
    </message>
    <message>
        <source>Hist&amp;ology</source>
        <translation>组织学(&amp;G)</translation>
    </message>
    <message>
        <source>Histology</source>
        <translation>组织学</translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) less than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation>
            <numerusform>组织学（{histology}）比印象（{impression}）轻 %n 级：提交多学科讨论（MDT），除非随访另有说明。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) worse than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation>
            <numerusform>组织学（{histology}）比印象（{impression}）重 %n 级：提交多学科讨论（MDT），除非随访另有说明。</numerusform>
        </translation>
    </message>
    <message>
        <source>Histology less</source>
        <translation>组织学较轻</translation>
    </message>
    <message>
        <source>Histology overdue</source>
        <translation>组织学逾期</translation>
    </message>
    <message>
        <source>Histology worse</source>
        <translation>组织学较重</translation>
    </message>
    <message>
        <source>Histology: grade</source>
        <translation>组织学：级别</translation>
    </message>
    <message>
        <source>Histology: reported</source>
        <translation>组织学：报告日期</translation>
    </message>
    <message>
        <source>Histology: words</source>
        <translation>组织学：文字</translation>
    </message>
    <message>
        <source>Histology: {result}</source>
        <translation>组织学：{result}</translation>
    </message>
    <message>
        <source>Hold H on the stage to hide it for a moment</source>
        <translation>在图像区按住 H 可暂时隐藏</translation>
    </message>
    <message>
        <source>Hold L: loupe, H: no attention</source>
        <translation>按住 L：放大镜；按住 H：隐藏模型关注区</translation>
    </message>
    <message>
        <source>Holds for reading pairs for labels. Who asks for the answer is on record, and a read after it counts in no blind figure. The audit trail keeps this choice as it does the first-read lock.</source>
        <translation>适用于为标注而进行的配对图像阅片。系统会记录请求显示结果的人，此后的阅片不计入任何盲法数据。审计追踪会像记录首次阅片锁定一样记录此选择。</translation>
    </message>
    <message>
        <source>How a picture was taken</source>
        <translation>图像的拍摄方式</translation>
    </message>
    <message>
        <source>How complete the findings are</source>
        <translation>所见的完整程度</translation>
    </message>
    <message>
        <source>How complete the referral card is</source>
        <translation>转诊卡的完整程度</translation>
    </message>
    <message>
        <source>How far it is</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>How far the run is</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>How it was taken</source>
        <translation>取材方式</translation>
    </message>
    <message>
        <source>How long it stayed white</source>
        <translation>醋白持续时间</translation>
    </message>
    <message>
        <source>How sure</source>
        <translation>确定程度</translation>
    </message>
    <message>
        <source>How the pictures are shown</source>
        <translation>图像的显示方式</translation>
    </message>
    <message>
        <source>How {specimen} was taken</source>
        <translation>{specimen}的取材方式</translation>
    </message>
    <message>
        <source>Hysterectomy</source>
        <translation>子宫切除术</translation>
    </message>
    <message>
        <source>I agree: {grade}</source>
        <translation>同意：{grade}</translation>
    </message>
    <message>
        <source>I differ ...</source>
        <translation>不同意...</translation>
    </message>
    <message>
        <source>I have it on paper, and &amp;somebody else would find it</source>
        <translation>已有纸质记录，他人也能找到(&amp;S)</translation>
    </message>
    <message>
        <source>I looked at each picture: nothing left in it names anybody</source>
        <translation>已查看每张图像：其中未留下任何可识别身份的内容</translation>
    </message>
    <message>
        <source>IARC Atlas of Colposcopy (online, read 2026)</source>
        <translation>IARC 阴道镜图谱（在线，2026 年查阅）</translation>
    </message>
    <message>
        <source>ID (required)</source>
        <translation>ID（必填）</translation>
    </message>
    <message>
        <source>ID {identifier}</source>
        <translation>ID {identifier}</translation>
    </message>
    <message>
        <source>Identifier</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Identity corrected after the signing, on {day} by {who}: {identity}.</source>
        <translation>签署后于 {day} 由 {who} 更正身份：{identity}。</translation>
    </message>
    <message>
        <source>If it comes again, points can be placed in Review.</source>
        <translation>如再次出现，可在“阅片”中放置对应点。</translation>
    </message>
    <message>
        <source>Immune status</source>
        <translation>免疫状态</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Import more...</source>
        <translation>导入更多...</translation>
    </message>
    <message>
        <source>Import pictures</source>
        <translation>导入图像</translation>
    </message>
    <message>
        <source>Import {count}</source>
        <translation>导入 {count} 张</translation>
    </message>
    <message>
        <source>Impression</source>
        <translation>印象</translation>
    </message>
    <message>
        <source>Impression: none given</source>
        <translation>印象：未给出</translation>
    </message>
    <message>
        <source>Impression: {grade}</source>
        <translation>印象：{grade}</translation>
    </message>
    <message>
        <source>In doubt: {doubts}</source>
        <translation>存疑：{doubts}</translation>
    </message>
    <message>
        <source>In the library</source>
        <translation>已在病例库中</translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}, the last on {day}.</source>
        <translation>病例库中：{name}，出生于 {born}；{visits}，最近一次为 {day}。</translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}.</source>
        <translation>病例库中：{name}，出生于 {born}；{visits}。</translation>
    </message>
    <message>
        <source>In {folder}</source>
        <translation>位于 {folder}</translation>
    </message>
    <message>
        <source>In {folder}.</source>
        <translation>位于 {folder}。</translation>
    </message>
    <message>
        <source>Inadequate for</source>
        <translation>不满意（不充分）原因</translation>
    </message>
    <message>
        <source>Inadequate without a reason</source>
        <translation>不满意（不充分）但未说明原因</translation>
    </message>
    <message>
        <source>Indeterminate</source>
        <translation>不确定</translation>
    </message>
    <message>
        <source>Indeterminate: model attention shows {shows}.</source>
        <translation>不确定：模型关注区显示{shows}。</translation>
    </message>
    <message>
        <source>Indication</source>
        <translation>指征</translation>
    </message>
    <message>
        <source>Indication as it was written: {indication}</source>
        <translation>指征原文：{indication}</translation>
    </message>
    <message>
        <source>Indication: {indication}</source>
        <translation>指征：{indication}</translation>
    </message>
    <message>
        <source>Install an update</source>
        <translation>安装更新</translation>
    </message>
    <message>
        <source>Installed now: {present}. It stays, to go back to (pfm update back).</source>
        <translation>当前安装：{present}。它会保留，以便退回（pfm update back）。</translation>
    </message>
    <message>
        <source>Installed now: {present}. The new version takes its place; to go back to it (pfm update back) you need its installer, so keep it: {file}.</source>
        <translation>当前安装的版本：{present}。新版本会取代它；要退回该版本（pfm update back），需要它的安装程序，请保留：{file}。</translation>
    </message>
    <message>
        <source>Installing the update</source>
        <translation>正在安装更新</translation>
    </message>
    <message>
        <source>Intended use: research, training and demonstration of reading paired white-light and fluorescence pictures of the cervix. It is not a medical device. Its answers must not be used for diagnosis, for triage, or to put off a biopsy or a treatment; the clinician's own reading decides.</source>
        <translation>预期用途：宫颈白光与荧光配对图像阅片的研究、培训和演示。本软件不是医疗器械。其结果不得用于诊断或分流，也不得据以推迟活检或治疗；以临床医师自己的阅片为准。</translation>
    </message>
    <message>
        <source>Intermediate shade: grey/white colour and shiny surface (most lesions)</source>
        <translation>中间色调：灰/白色，表面有光泽（多数病变）</translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis</source>
        <translation>仅供研究，不用于诊断</translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis.</source>
        <translation>仅供研究，不用于诊断。</translation>
    </message>
    <message>
        <source>Iodine</source>
        <comment>picture after Lugol's iodine</comment>
        <translation>碘</translation>
    </message>
    <message>
        <source>Iodine allergy not asked yet: say No (N) or Yes (Y) first.</source>
        <translation>尚未询问碘过敏：请先选“否”（N）或“是”（Y）。</translation>
    </message>
    <message>
        <source>Iodine allergy on record</source>
        <translation>记录有碘过敏</translation>
    </message>
    <message>
        <source>Iodine allergy on record. To be used all the same: {reason}</source>
        <translation>记录有碘过敏。仍要使用：{reason}</translation>
    </message>
    <message>
        <source>Iodine allergy on record: do not use iodine.</source>
        <translation>记录有碘过敏：不要使用碘。</translation>
    </message>
    <message>
        <source>Iodine allergy: no</source>
        <translation>碘过敏：否</translation>
    </message>
    <message>
        <source>Iodine allergy: yes</source>
        <translation>碘过敏：是</translation>
    </message>
    <message>
        <source>Iodine allergy?</source>
        <translation>碘过敏？</translation>
    </message>
    <message>
        <source>Iodine in spite of the allergy, because</source>
        <translation>虽有过敏仍用碘，理由</translation>
    </message>
    <message>
        <source>Iodine staining</source>
        <translation>碘染色</translation>
    </message>
    <message>
        <source>Is anything drawn into these pictures that names somebody: a name, a number, a date? Make it black.</source>
        <translation>这些图像中是否印有可识别身份的内容：姓名、号码、日期？请将其涂黑。</translation>
    </message>
    <message>
        <source>Is now</source>
        <translation>现为</translation>
    </message>
    <message>
        <source>It can be examined and reviewed. Before it can be signed it must be given to a woman.</source>
        <translation>可以检查和阅片。签署之前必须先分配给一名患者。</translation>
    </message>
    <message>
        <source>It cannot be made there</source>
        <translation>无法在此处新建</translation>
    </message>
    <message>
        <source>It could not be judged; the error is in the log.</source>
        <translation>无法判定；错误已写入日志。</translation>
    </message>
    <message>
        <source>It does not say when a picture is unlike anything it learned from.</source>
        <translation>当图像与其训练数据不同时，该模型不会提示。</translation>
    </message>
    <message>
        <source>It ended early: {problem}</source>
        <translation>提前结束：{problem}</translation>
    </message>
    <message>
        <source>It ended without a model: {why}.</source>
        <translation>已结束，未得到模型：{why}。</translation>
    </message>
    <message>
        <source>It fills itself once the os is marked (O, or Shift+O: as found) and the cervix drawn (C, or Shift+C: as found).</source>
        <translation>标记宫颈外口（O；或 Shift+O：采用程序所找到的）并勾画宫颈（C；或 Shift+C：采用程序所找到的）后自动填写。</translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, READABLE in its folder: this library is not encrypted.</source>
        <translation>写入第一个文件之前即会记录。化名列表留在病例库中，在其文件夹内可直接读取：本病例库未加密。</translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, encrypted with it.</source>
        <translation>写入第一个文件之前即会记录。化名列表留在病例库中，随病例库一同加密。</translation>
    </message>
    <message>
        <source>It is being learned now, at low priority.</source>
        <translation>正在以低优先级训练。</translation>
    </message>
    <message>
        <source>It is being put on record, with its maps ...</source>
        <translation>正在连同分布图一起记录...</translation>
    </message>
    <message>
        <source>It is in quarantine and answers nothing.</source>
        <translation>处于隔离状态，不给出任何结果。</translation>
    </message>
    <message>
        <source>It is kept in this library: what is chosen while another one is open changes nothing here.</source>
        <translation>保存在本病例库中：打开其他病例库时所作的选择不会改变此处。</translation>
    </message>
    <message>
        <source>It is not in sight at the moment.</source>
        <translation>目前不在可见范围内。</translation>
    </message>
    <message>
        <source>It is off the record. Take it again with the device's own button.</source>
        <translation>已从记录中移除。请用设备自身的按钮重新拍摄。</translation>
    </message>
    <message>
        <source>It is on record that you saw this. A grade that you give or change from now on counts as one after AI.</source>
        <translation>已记录此内容被查看。此后给出或更改的级别计为 AI 之后的级别。</translation>
    </message>
    <message>
        <source>It is replaced and answers nothing now.</source>
        <translation>已被替换，现不再给出任何结果。</translation>
    </message>
    <message>
        <source>It is rolled back and answers nothing now.</source>
        <translation>已回退，现不再给出任何结果。</translation>
    </message>
    <message>
        <source>It is whole in {folder}, from an earlier backup</source>
        <translation>完整副本位于 {folder}，来自较早的备份</translation>
    </message>
    <message>
        <source>It outranks every reading when a case gets its label. Readers do not see it.</source>
        <translation>确定病例标注时，组织学结果优先于所有阅片；阅片者看不到该结果。</translation>
    </message>
    <message>
        <source>It says when a picture is unlike anything it learned from ({sources}).</source>
        <translation>当图像与其训练数据不同时，该模型会提示（{sources}）。</translation>
    </message>
    <message>
        <source>It seems to lie on its side or to be squeezed: hold the camera upright, give the picture as the camera took it.</source>
        <translation>图像似乎侧转或受挤压变形：竖直握持相机，按相机拍摄的原样提供图像。</translation>
    </message>
    <message>
        <source>It stays as it was.</source>
        <translation>保持不变。</translation>
    </message>
    <message>
        <source>It was cut short, by an ending of the program or an error. What was learned until then is kept.</source>
        <translation>因程序结束或出错而中断。此前的训练结果已保留。</translation>
    </message>
    <message>
        <source>It was measured in another recording: its place is seen in the report.</source>
        <translation>是在另一段录像中测量的：其位置见报告。</translation>
    </message>
    <message>
        <source>It was stopped before it was done.</source>
        <translation>在完成之前已停止。</translation>
    </message>
    <message>
        <source>It was stopped. No labels were saved.</source>
        <translation>已停止。未保存任何标签。</translation>
    </message>
    <message>
        <source>It was stopped. No report was saved.</source>
        <translation>已停止。未保存任何报告。</translation>
    </message>
    <message>
        <source>It was stopped: the visit is signed as before.</source>
        <translation>已停止：就诊仍为先前签署的状态。</translation>
    </message>
    <message>
        <source>It was stopped; this is the best until then.</source>
        <translation>已停止；这是停止前的最佳结果。</translation>
    </message>
    <message>
        <source>It was written anew</source>
        <translation>已重新写入</translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n hour(s).</source>
        <translation>
            <numerusform>约需 %n 小时。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n minute(s).</source>
        <translation>
            <numerusform>约需 %n 分钟。</numerusform>
        </translation>
    </message>
    <message>
        <source>Items of the Swede score</source>
        <translation>Swede 评分的项目</translation>
    </message>
    <message>
        <source>Its file says that words are drawn into it: cover them, or it stays here</source>
        <translation>文件表明图像中印有文字：请遮盖，否则不予导出</translation>
    </message>
    <message>
        <source>Its folder says {name}.</source>
        <translation>其文件夹显示{name}。</translation>
    </message>
    <message>
        <source>Its name says born {birth}, and she is born {day}.</source>
        <translation>其名称显示出生于 {birth}，而患者出生于 {day}。</translation>
    </message>
    <message>
        <source>Its pair is gone</source>
        <translation>其配对图像已不存在</translation>
    </message>
    <message>
        <source>Its pictures stay together.</source>
        <translation>其中的图像保持在一起。</translation>
    </message>
    <message>
        <source>Its recovery key was not shown: make another one in Settings</source>
        <translation>其恢复密钥未曾显示：请在“设置”中另建一个</translation>
    </message>
    <message>
        <source>Its sender calls it {name}, which another model here is called already.</source>
        <translation>发送方将其命名为 {name}，而此处已有另一模型使用该名称。</translation>
    </message>
    <message>
        <source>JSON Lines (*.jsonl)</source>
        <translation>JSON Lines (*.jsonl)</translation>
    </message>
    <message>
        <source>Jan</source>
        <translation>1月</translation>
    </message>
    <message>
        <source>January</source>
        <translation>一月</translation>
    </message>
    <message>
        <source>Jul</source>
        <translation>7月</translation>
    </message>
    <message>
        <source>July</source>
        <translation>七月</translation>
    </message>
    <message>
        <source>Jun</source>
        <translation>6月</translation>
    </message>
    <message>
        <source>Junction (SCJ)</source>
        <translation>鳞柱交界（SCJ）</translation>
    </message>
    <message>
        <source>June</source>
        <translation>六月</translation>
    </message>
    <message>
        <source>Kappa (quadratic)</source>
        <translation>Kappa（二次加权）</translation>
    </message>
    <message>
        <source>Kappa with quadratic weights: Cohen's of two readers, Fleiss' of all. In brackets: 95 % interval, by woman. Drift: how many grades above (+) or below (-) the other readers, in blocks of 50 reads. Of two readers nobody can tell by it which of them drifts.</source>
        <translation>二次加权 Kappa：两名阅片者为 Cohen，全部阅片者为 Fleiss。括号内：95% 区间，按患者计。漂移：比其他阅片者高（+）或低（-）多少级，每 50 次阅片为一段。若只有两名阅片者，无法据此判断是哪一位在漂移。</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Keep my impression: {grade}</source>
        <translation>保留我的印象：{grade}</translation>
    </message>
    <message>
        <source>Keep the old plan</source>
        <translation>保留旧计划</translation>
    </message>
    <message>
        <source>Keep, with care: {reason}</source>
        <translation>谨慎保留：{reason}</translation>
    </message>
    <message>
        <source>Keeping it</source>
        <translation>正在保存</translation>
    </message>
    <message>
        <source>Keeping the registration</source>
        <translation>正在保存配准</translation>
    </message>
    <message>
        <source>Keeping the signed report</source>
        <translation>正在保存已签署的报告</translation>
    </message>
    <message>
        <source>Kept once a grade is chosen.</source>
        <translation>选择级别后才会保存。</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Keys of {page}</source>
        <translation>{page}的按键</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Kind of lines</source>
        <translation>行的类型</translation>
    </message>
    <message>
        <source>L (hold)</source>
        <translation>L（按住）</translation>
    </message>
    <message>
        <source>LAST PICTURE, not live</source>
        <translation>最后一张图像，非实时</translation>
    </message>
    <message>
        <source>LSIL (CIN 1)</source>
        <translation>LSIL（CIN 1）</translation>
    </message>
    <message>
        <source>Label {grade}</source>
        <translation>标注：{grade}</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Labels from: {origins}.</source>
        <translation>标注来源：{origins}。</translation>
    </message>
    <message>
        <source>Labels of the pots as PDF ...</source>
        <translation>标本瓶标签存为 PDF...</translation>
    </message>
    <message>
        <source>Labels of the pots as PDF...</source>
        <translation>标本瓶标签存为 PDF...</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>加大画笔</translation>
    </message>
    <message>
        <source>Last backup: ...</source>
        <translation>上次备份：...</translation>
    </message>
    <message>
        <source>Last backup: {when}, in {folder}</source>
        <translation>上次备份：{when}，位于 {folder}</translation>
    </message>
    <message>
        <source>Last treated on</source>
        <translation>末次治疗日期</translation>
    </message>
    <message>
        <source>Lay a board of black and white squares, or a ruler, flat where the cervix would be, in focus. The scale holds at this zoom and working distance alone: calibrate anew once the zoom of the colposcope was changed.</source>
        <translation>将黑白方格板或直尺平放在宫颈所在的位置，并对焦清晰。比例尺仅在当前变倍和工作距离下有效：阴道镜变倍改变后须重新校准。</translation>
    </message>
    <message>
        <source>Learn a model</source>
        <translation>训练模型</translation>
    </message>
    <message>
        <source>Learned from</source>
        <translation>训练数据</translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}, {phantoms:,} phantoms rehearsed.</source>
        <translation>由 {cases}训练 {epochs}；{which}，用 {checked}检验，用 {calibrated} 个病例校准，并复习 {phantoms:,} 个模拟体模。</translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}.</source>
        <translation>由 {cases}训练 {epochs}；{which}，用 {checked}检验，用 {calibrated} 个病例校准。</translation>
    </message>
    <message>
        <source>Learning a model</source>
        <translation>正在训练模型</translation>
    </message>
    <message>
        <source>Learning part</source>
        <translation>训练分组</translation>
    </message>
    <message>
        <source>Learning run</source>
        <translation>训练过程</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Leave in the folder</source>
        <translation>留在文件夹中</translation>
    </message>
    <message>
        <source>Leave note, reasons or drawing</source>
        <translation>退出备注、理由或勾画</translation>
    </message>
    <message>
        <source>Leave out</source>
        <comment>a step of the examination</comment>
        <translation>略过</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>略过</translation>
    </message>
    <message>
        <source>Leave point mode</source>
        <translation>退出对应点模式</translation>
    </message>
    <message>
        <source>Leave the next step out</source>
        <translation>略过下一步</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>已略过</translation>
    </message>
    <message numerus="yes">
        <source>Left out %n case(s). {reasons}.</source>
        <translation>
            <numerusform>已略过 %n 个病例。{reasons}。</numerusform>
        </translation>
    </message>
    <message>
        <source>Left out by hand</source>
        <translation>手动略过</translation>
    </message>
    <message>
        <source>Left out by the template of this site: {names}.</source>
        <translation>本机构模板已略过：{names}。</translation>
    </message>
    <message>
        <source>Left out: {problem}</source>
        <translation>已略过：{problem}</translation>
    </message>
    <message>
        <source>Left out: {reasons}.</source>
        <translation>已略过：{reasons}。</translation>
    </message>
    <message>
        <source>Length, distal to proximal</source>
        <translation>长度（远端至近端）</translation>
    </message>
    <message>
        <source>Lengthen the exposure, darken the room, then retake.</source>
        <translation>延长曝光，调暗室内，然后重拍。</translation>
    </message>
    <message>
        <source>Lesion</source>
        <translation>病变</translation>
    </message>
    <message>
        <source>Lesion (internal number)</source>
        <translation>病变（内部编号）</translation>
    </message>
    <message>
        <source>Lesion 1 (new)</source>
        <translation>病变 1（新）</translation>
    </message>
    <message>
        <source>Lesion margin and surface</source>
        <translation>病变边界与表面</translation>
    </message>
    <message>
        <source>Lesion size</source>
        <translation>病变大小</translation>
    </message>
    <message>
        <source>Lesion {number}</source>
        <translation>病变 {number}</translation>
    </message>
    <message>
        <source>Lesion {number} as drawn: {measures}.</source>
        <translation>勾画的病变 {number}：{measures}。</translation>
    </message>
    <message>
        <source>Lesion {number} is not drawn on these pictures: press D on the stage and draw around it.</source>
        <translation>病变 {number} 未在这些图像上勾画：在图像区按 D，沿其周围勾画。</translation>
    </message>
    <message>
        <source>Lesion {number}: an inner border lies between thin and dense acetowhite epithelium</source>
        <translation>病变 {number}：薄醋白上皮与厚醋白上皮之间有内边界</translation>
    </message>
    <message numerus="yes">
        <source>Lesion {number}: its hours lie in more than %n quadrant(s)</source>
        <translation>
            <numerusform>病变 {number}：其钟点位置超过 %n 个象限</numerusform>
        </translation>
    </message>
    <message>
        <source>Lesion {number}: rapid acetowhitening, and it was first measured at {seconds:.0f} s</source>
        <translation>病变 {number}：醋白迅速出现，但首次测得醋白变化是在 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>Lesions</source>
        <translation>病变</translation>
    </message>
    <message>
        <source>Less</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>Less seen as less</source>
        <translation>非 CIN2+ 判为非高级别</translation>
    </message>
    <message>
        <source>Let go of what is dragged; back to the pan tool; from another visit or the player back to the pair</source>
        <translation>放开正在拖动的对象；回到平移工具；从另一就诊或播放器回到配对图像</translation>
    </message>
    <message>
        <source>Let it go out</source>
        <translation>允许导出</translation>
    </message>
    <message>
        <source>Letter</source>
        <translation>告知信</translation>
    </message>
    <message>
        <source>Letter due</source>
        <translation>待发告知信</translation>
    </message>
    <message>
        <source>Letter sent</source>
        <translation>告知信发出日期</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>告知信</translation>
    </message>
    <message>
        <source>Letters with the result are followed up</source>
        <translation>跟踪结果告知信的发出</translation>
    </message>
    <message>
        <source>Letters, digits, - _ and .</source>
        <translation>字母、数字、- _ 和 .</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>窗位</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>病例库</translation>
    </message>
    <message>
        <source>Library {library}</source>
        <translation>病例库 {library}</translation>
    </message>
    <message>
        <source>Library {library}, encrypted</source>
        <translation>病例库 {library}，已加密</translation>
    </message>
    <message>
        <source>Licence: Apache 2.0; see LICENSE. Other people's parts are listed in the README.</source>
        <translation>许可：Apache 2.0；见 LICENSE。第三方组件列于 README。</translation>
    </message>
    <message>
        <source>Light</source>
        <comment>the theme of light colours</comment>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Likely</source>
        <comment>how sure</comment>
        <translation>很可能</translation>
    </message>
    <message>
        <source>Limited</source>
        <translation>受限</translation>
    </message>
    <message>
        <source>Line {number}, {moment}, by {who}</source>
        <translation>第 {number} 行，{moment}，{who}</translation>
    </message>
    <message>
        <source>Line {number}: {text}</source>
        <translation>第 {number} 行：{text}</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, never better since.</source>
        <translation>折线：未用于训练的病例的损失，开始时 {start:.3f}，此后从未更好。</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, {least:.3f} after epoch {best} (the best, ringed).</source>
        <translation>折线：未用于训练的病例的损失，开始时 {start:.3f}，第 {best} 轮后 {least:.3f}（最佳，以圆圈标出）。</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start.</source>
        <translation>折线：未用于训练的病例的损失，开始时 {start:.3f}。</translation>
    </message>
    <message>
        <source>Lines of the audit trail</source>
        <translation>审计追踪的行</translation>
    </message>
    <message>
        <source>Live help</source>
        <translation>实时辅助</translation>
    </message>
    <message>
        <source>Live picture</source>
        <translation>实时图像</translation>
    </message>
    <message>
        <source>Load the pair again</source>
        <translation>重新加载配对图像</translation>
    </message>
    <message>
        <source>Loading ...</source>
        <translation>正在加载...</translation>
    </message>
    <message>
        <source>Loading the numeric library</source>
        <translation>正在加载数值计算库</translation>
    </message>
    <message>
        <source>Loading the pictures</source>
        <translation>正在加载图像</translation>
    </message>
    <message>
        <source>Loading the pictures ...</source>
        <translation>正在加载图像...</translation>
    </message>
    <message>
        <source>Loading this pair ...</source>
        <translation>正在加载此配对图像...</translation>
    </message>
    <message>
        <source>Loc&amp;k the window</source>
        <translation>锁定窗口(&amp;K)</translation>
    </message>
    <message>
        <source>Location</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Lock after</source>
        <translation>自动锁定时间</translation>
    </message>
    <message>
        <source>Lock the window</source>
        <translation>锁定窗口</translation>
    </message>
    <message>
        <source>Locked</source>
        <translation>已锁定</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Look at both pictures</source>
        <translation>查看两张图像</translation>
    </message>
    <message>
        <source>Look at it yourself</source>
        <translation>请自行查看</translation>
    </message>
    <message>
        <source>Look at it...</source>
        <translation>查看...</translation>
    </message>
    <message>
        <source>Look at lamp and filter, then take the pair again.</source>
        <translation>检查光源灯和滤光片，然后重新拍摄配对图像。</translation>
    </message>
    <message>
        <source>Look at the locked test again</source>
        <translation>再次查看锁定测试集</translation>
    </message>
    <message>
        <source>Look at the pictures</source>
        <translation>查看图像</translation>
    </message>
    <message>
        <source>Look at the pictures first: scroll through all of them.</source>
        <translation>请先查看图像：滚动看完全部图像。</translation>
    </message>
    <message>
        <source>Look at them</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error unknown.</source>
        <translation>信任之前先查看：估计误差未知。</translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error {error}.</source>
        <translation>信任之前先查看：估计误差 {error}。</translation>
    </message>
    <message>
        <source>Look up</source>
        <translation>查找</translation>
    </message>
    <message>
        <source>Look whether both meet; take the pair again if there is time.</source>
        <translation>查看两者是否吻合；如有时间，重新拍摄配对图像。</translation>
    </message>
    <message>
        <source>Look whether both pictures meet under the cursor; place points by hand if they do not.</source>
        <translation>查看两张图像在光标下是否吻合；如不吻合，请手动放置对应点。</translation>
    </message>
    <message>
        <source>Look whether your last work is there; if not, do it again or restore a backup</source>
        <translation>查看最近的工作是否还在；如不在，请重做或恢复备份</translation>
    </message>
    <message>
        <source>Look who she is</source>
        <translation>请核对患者身份</translation>
    </message>
    <message>
        <source>Looked at through</source>
        <translation>查看滤镜</translation>
    </message>
    <message>
        <source>Looking ...</source>
        <translation>正在查找...</translation>
    </message>
    <message>
        <source>Looking at the colours</source>
        <translation>正在分析颜色</translation>
    </message>
    <message>
        <source>Looking at the colours.</source>
        <translation>正在分析颜色。</translation>
    </message>
    <message>
        <source>Looking at the frames that were recorded after acetic acid ...</source>
        <translation>正在查看醋酸后录制的帧...</translation>
    </message>
    <message>
        <source>Looking at the pair ...</source>
        <translation>正在查看配对图像...</translation>
    </message>
    <message>
        <source>Looking at the pictures</source>
        <translation>正在查看图像</translation>
    </message>
    <message>
        <source>Looking at the pictures once</source>
        <translation>正在将图像查看一遍</translation>
    </message>
    <message>
        <source>Looking at whitening</source>
        <translation>正在查看醋白变化</translation>
    </message>
    <message>
        <source>Looking for cases</source>
        <translation>正在查找病例</translation>
    </message>
    <message>
        <source>Looking for pairs</source>
        <translation>正在查找配对图像</translation>
    </message>
    <message>
        <source>Looking for pictures</source>
        <translation>正在查找图像</translation>
    </message>
    <message>
        <source>Looking for pictures ...</source>
        <translation>正在查找图像...</translation>
    </message>
    <message>
        <source>Looking for squares ...</source>
        <translation>正在查找方格...</translation>
    </message>
    <message>
        <source>Looking for tasks ...</source>
        <translation>正在查找任务...</translation>
    </message>
    <message>
        <source>Looking for the earlier pictures ...</source>
        <translation>正在查找既往图像...</translation>
    </message>
    <message>
        <source>Looking for the pictures</source>
        <translation>正在查找图像</translation>
    </message>
    <message>
        <source>Looking how the pairs differ</source>
        <translation>正在比较配对图像的差异</translation>
    </message>
    <message>
        <source>Looking what the files say</source>
        <translation>正在查看文件所含信息</translation>
    </message>
    <message>
        <source>Looking whether it can be undone</source>
        <translation>正在查看能否撤销</translation>
    </message>
    <message>
        <source>Losses by epoch</source>
        <translation>各轮的损失</translation>
    </message>
    <message>
        <source>Loupe</source>
        <translation>放大镜</translation>
    </message>
    <message>
        <source>Low</source>
        <comment>grade</comment>
        <translation>低级别</translation>
    </message>
    <message>
        <source>Low-intensity acetowhitening (not completely opaque); indistinct; transparent or translucent; beyond the margin of the transformation zone; pure snow-white with intense surface shine</source>
        <translation>低强度醋白（并非完全不透明）；界限不清；透明或半透明；超出转化区边缘；纯雪白色且表面反光强烈</translation>
    </message>
    <message>
        <source>Lower the light or the exposure, retake.</source>
        <translation>降低光照或曝光，重拍。</translation>
    </message>
    <message>
        <source>Lugol's iodine</source>
        <translation>卢戈碘液</translation>
    </message>
    <message>
        <source>Lugol's iodine allowed in spite of a known allergy: {reason}</source>
        <translation>虽已知过敏仍允许使用卢戈碘液：{reason}</translation>
    </message>
    <message>
        <source>Lugol's iodine comes last: its stain is on all that is taken after it</source>
        <translation>卢戈碘液放在最后：此后拍摄的所有图像都会带有其染色</translation>
    </message>
    <message>
        <source>Lugol's iodine is on: it hides fluorescence, and no model reads such a pair. W takes a white-light picture. Press again within 3 seconds to take the pair all the same.</source>
        <translation>已涂卢戈碘液：它会掩盖荧光，没有模型判读这样的配对图像。按 W 拍摄白光图像。3 秒内再按一次，则仍拍摄配对图像。</translation>
    </message>
    <message>
        <source>Lugol's iodine: non-stained</source>
        <translation>卢戈碘液：不着色</translation>
    </message>
    <message>
        <source>Lugol's iodine: stained</source>
        <translation>卢戈碘液：着色</translation>
    </message>
    <message>
        <source>MDT meeting</source>
        <translation>多学科讨论（MDT）</translation>
    </message>
    <message>
        <source>MJPG video (*.avi)</source>
        <translation>MJPG 视频 (*.avi)</translation>
    </message>
    <message>
        <source>Macro recall</source>
        <translation>宏平均召回率</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>创建日期</translation>
    </message>
    <message>
        <source>Made at</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>Made by</source>
        <translation>创建者</translation>
    </message>
    <message>
        <source>Made from picture files, without a patient or findings.</source>
        <translation>由图像文件生成，不含患者或所见。</translation>
    </message>
    <message>
        <source>Make a new library in this folder</source>
        <translation>在此文件夹中新建病例库</translation>
    </message>
    <message>
        <source>Make the library</source>
        <translation>创建病例库</translation>
    </message>
    <message>
        <source>Make the new folder in</source>
        <translation>新文件夹的创建位置</translation>
    </message>
    <message>
        <source>Make the task</source>
        <translation>创建任务</translation>
    </message>
    <message>
        <source>Making it...</source>
        <translation>正在创建...</translation>
    </message>
    <message>
        <source>Making the demo library</source>
        <translation>正在创建演示病例库</translation>
    </message>
    <message>
        <source>Making the labels</source>
        <translation>正在生成标签</translation>
    </message>
    <message>
        <source>Making the library</source>
        <translation>正在创建病例库</translation>
    </message>
    <message>
        <source>Making the report</source>
        <translation>正在生成报告</translation>
    </message>
    <message>
        <source>Making the report that was signed</source>
        <translation>正在生成已签署的报告</translation>
    </message>
    <message>
        <source>Making the task</source>
        <translation>正在创建任务</translation>
    </message>
    <message>
        <source>Making the task ...</source>
        <translation>正在创建任务...</translation>
    </message>
    <message>
        <source>Manoeuvre or instrument</source>
        <translation>手法或器械</translation>
    </message>
    <message>
        <source>Map over the picture</source>
        <translation>叠加在图像上的分布图</translation>
    </message>
    <message>
        <source>Map, {words}</source>
        <translation>分布图，{words}</translation>
    </message>
    <message>
        <source>Map: how long it stayed white</source>
        <translation>分布图：醋白持续时间</translation>
    </message>
    <message>
        <source>Map: most whitening</source>
        <translation>分布图：最大醋白变化</translation>
    </message>
    <message>
        <source>Mar</source>
        <translation>3月</translation>
    </message>
    <message>
        <source>March</source>
        <translation>三月</translation>
    </message>
    <message>
        <source>Margin that is made black, in pixels</source>
        <translation>涂黑的边缘宽度（像素）</translation>
    </message>
    <message>
        <source>Margins</source>
        <translation>切缘</translation>
    </message>
    <message>
        <source>Margins and surface</source>
        <translation>边界与表面</translation>
    </message>
    <message>
        <source>Mark the os first (O on the stage)</source>
        <translation>请先标记宫颈外口（在图像区按 O）</translation>
    </message>
    <message>
        <source>Mark the os where the program found it</source>
        <translation>在程序找到的位置标记宫颈外口</translation>
    </message>
    <message>
        <source>May</source>
        <comment>month</comment>
        <translation>五月</translation>
    </message>
    <message>
        <source>May</source>
        <translation>5月</translation>
    </message>
    <message>
        <source>May sign in</source>
        <translation>允许登录</translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation>签名性质</translation>
    </message>
    <message>
        <source>Menopause</source>
        <translation>绝经</translation>
    </message>
    <message>
        <source>Menu {menu}</source>
        <translation>菜单“{menu}”</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Message of this page</source>
        <translation>本页消息</translation>
    </message>
    <message>
        <source>Method: {method}.</source>
        <translation>方法：{method}。</translation>
    </message>
    <message>
        <source>Microcondylomatous or micropapillary contour; flat with indistinct margins; feathered or finely scalloped; angular, jagged; satellites beyond the margin of the transformation zone</source>
        <translation>微湿疣样或微乳头状轮廓；扁平且边界不清；羽毛状或细扇贝状；成角、锯齿状；转化区边缘以外的卫星病灶</translation>
    </message>
    <message>
        <source>Middle error {error:.1f} px, worst pair {worst}</source>
        <translation>中位误差 {error:.1f} px，最差为第 {worst} 对</translation>
    </message>
    <message>
        <source>Millimetres in a pixel</source>
        <translation>每像素毫米数</translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): complete.</source>
        <translation>最小数据集（ASCCP）：完整。</translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): {done} of {all}. Missing: {titles}.</source>
        <translation>最小数据集（ASCCP）：{all} 项中已有 {done} 项。缺少：{titles}。</translation>
    </message>
    <message>
        <source>Miscellaneous</source>
        <translation>其他所见</translation>
    </message>
    <message>
        <source>Missing: {gaps}</source>
        <translation>缺少：{gaps}</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>模式</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Model attention</source>
        <translation>模型关注区</translation>
    </message>
    <message>
        <source>Model attention of which source</source>
        <translation>哪种光源的模型关注区</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>模型卡</translation>
    </message>
    <message>
        <source>Model files (*.pfm-model)</source>
        <translation>模型文件 (*.pfm-model)</translation>
    </message>
    <message>
        <source>Model name</source>
        <translation>模型名称</translation>
    </message>
    <message>
        <source>Model {name} {version}</source>
        <translation>模型 {name} {version}</translation>
    </message>
    <message>
        <source>Model {name}, version {version}, {variant}, {splice} splice; {label}.</source>
        <translation>模型 {name}，版本 {version}，{variant}，{splice} 拼接；{label}。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Models and fine-tuning</source>
        <translation>模型与微调</translation>
    </message>
    <message>
        <source>Models are learned by clinicians of this library: they see all labels.</source>
        <translation>模型由本病例库的临床医师训练：他们能看到所有标注。</translation>
    </message>
    <message>
        <source>Models that were learned here</source>
        <translation>在此训练的模型</translation>
    </message>
    <message>
        <source>Modified Reid index</source>
        <translation>改良 Reid 指数</translation>
    </message>
    <message>
        <source>Monsel's solution</source>
        <translation>Monsel 溶液</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>More contrast</source>
        <translation>增强对比度</translation>
    </message>
    <message>
        <source>More than {limit:g} s: they may not show the same. Look at lamp and camera, take it again.</source>
        <translation>超过 {limit:g} 秒：两者显示的可能不是同一内容。检查光源灯和相机，重新拍摄。</translation>
    </message>
    <message>
        <source>Most whitening</source>
        <translation>最大醋白变化</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>移动</translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)</source>
        <translation>
            <numerusform>移动 %n 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)
from {origin}
to {woman}, visit of {when}?</source>
        <translation>
            <numerusform>移动 %n 张图像
从 {origin}
到 {woman}，{when} 的就诊？</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s) to</source>
        <translation>
            <numerusform>将 %n 张图像移至</numerusform>
        </translation>
    </message>
    <message>
        <source>Move closer or zoom in until the cervix fills most of the picture, then retake.</source>
        <translation>靠近或放大，直至宫颈占图像大部分，然后重拍。</translation>
    </message>
    <message>
        <source>Move in the list, from the search field too</source>
        <translation>在列表中移动，在搜索框中也可</translation>
    </message>
    <message>
        <source>Move the blend or the curtain</source>
        <translation>移动混合比例或划动分界</translation>
    </message>
    <message>
        <source>Move the blend or the curtain; [ and ] with a brush: its size</source>
        <translation>移动混合比例或划动分界；使用画笔时 [ 和 ]：画笔大小</translation>
    </message>
    <message>
        <source>Move the chosen pictures to another visit ...</source>
        <translation>将所选图像移至另一就诊...</translation>
    </message>
    <message>
        <source>Move the chosen pin</source>
        <translation>移动所选活检标记</translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation>移动光标</translation>
    </message>
    <message numerus="yes">
        <source>Move the visit of {when}, with %n picture(s) and all that is said in it,
from {woman}
to {other}?</source>
        <translation>
            <numerusform>移动 {when} 的就诊，连同 %n 张图像及其中记录的全部内容，
从 {woman}
到 {other}？</numerusform>
        </translation>
    </message>
    <message>
        <source>Move to another visit...</source>
        <translation>移至另一就诊...</translation>
    </message>
    <message>
        <source>Move visit</source>
        <translation>移动就诊</translation>
    </message>
    <message>
        <source>Move visit to another patient</source>
        <translation>将就诊移至另一患者</translation>
    </message>
    <message>
        <source>My figures</source>
        <translation>我的统计</translation>
    </message>
    <message>
        <source>My grade</source>
        <translation>我的级别</translation>
    </message>
    <message>
        <source>My password</source>
        <translation>我的密码</translation>
    </message>
    <message>
        <source>My second read ...</source>
        <translation>我的第二次阅片...</translation>
    </message>
    <message>
        <source>NHSCSP 20: told within 4 weeks (best practice), 8 weeks (minimum)</source>
        <translation>NHSCSP 20：4 周内告知（最佳实践），8 周内（最低要求）</translation>
    </message>
    <message>
        <source>NOT ALIGNED: {why}</source>
        <translation>未对齐：{why}</translation>
    </message>
    <message>
        <source>NOT removed: the picture itself, and words in it that are not made black. A scar or a rare finding may tell who she is: pass it on under agreement.</source>
        <translation>未去除：图像本身，以及其中未涂黑的文字。瘢痕或罕见所见可能透露患者身份：须依协议转交。</translation>
    </message>
    <message>
        <source>Name</source>
        <comment>of a task</comment>
        <translation>名称</translation>
    </message>
    <message>
        <source>Name</source>
        <comment>of a model</comment>
        <translation>名称</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>Name and address of the clinic</source>
        <translation>机构名称和地址</translation>
    </message>
    <message>
        <source>Name and serial number</source>
        <translation>名称和序列号</translation>
    </message>
    <message>
        <source>Name of the file</source>
        <translation>文件名</translation>
    </message>
    <message>
        <source>Name or ID</source>
        <translation>姓名或 ID</translation>
    </message>
    <message>
        <source>Names are hidden on this page</source>
        <translation>本页隐藏姓名</translation>
    </message>
    <message>
        <source>Names are hidden while pairs are read</source>
        <translation>配对图像阅片时隐藏姓名</translation>
    </message>
    <message>
        <source>Names are hidden: nothing to search</source>
        <translation>姓名已隐藏：没有可搜索的内容</translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads, and the AI answer until the own grade is given: the site shows it after that to who asks for it (Settings).</source>
        <translation>姓名、所见和组织学对阅片者保持隐藏，AI 结果在其给出自己的级别之前也保持隐藏：此后本机构向请求者显示（设置）。</translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads. The AI answer is shown to who asks for it, also before the grade: such reads are marked, and count in no blind figure.</source>
        <translation>姓名、所见和组织学对阅片者保持隐藏。AI 结果向请求者显示，在给出级别之前也可：此类阅片会作标记，且不计入任何盲法数据。</translation>
    </message>
    <message>
        <source>Names, findings, histology and AI answers stay hidden from who reads.</source>
        <translation>姓名、所见、组织学和 AI 结果对阅片者保持隐藏。</translation>
    </message>
    <message>
        <source>Negative uptake: yellow staining of a lesion that has 4 or more on the other three</source>
        <translation>碘摄取阴性：其他三项合计 4 分或以上的病变染成黄色</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新</translation>
    </message>
    <message>
        <source>New &amp;library...</source>
        <translation>新建病例库(&amp;L)...</translation>
    </message>
    <message>
        <source>New &amp;password</source>
        <translation>新密码(&amp;P)</translation>
    </message>
    <message>
        <source>New &amp;patient...</source>
        <translation>新建患者(&amp;P)...</translation>
    </message>
    <message>
        <source>New &amp;visit...</source>
        <translation>新建就诊(&amp;V)...</translation>
    </message>
    <message>
        <source>New here? A short tour shows the way, on phantoms: no real women, and nothing is changed or signed by it.</source>
        <translation>首次使用？简短的导览演示操作方法，基于模拟体模：没有真实患者，也不会因此更改或签署任何内容。</translation>
    </message>
    <message>
        <source>New keys</source>
        <translation>新按键</translation>
    </message>
    <message>
        <source>New library</source>
        <translation>新建病例库</translation>
    </message>
    <message>
        <source>New library...</source>
        <translation>新建病例库...</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>新密码</translation>
    </message>
    <message>
        <source>New password, if any</source>
        <translation>新密码（如有）</translation>
    </message>
    <message>
        <source>New patient</source>
        <translation>新建患者</translation>
    </message>
    <message>
        <source>New recovery key</source>
        <translation>新恢复密钥</translation>
    </message>
    <message>
        <source>New recovery key...</source>
        <translation>新建恢复密钥...</translation>
    </message>
    <message>
        <source>New shortcut</source>
        <translation>新快捷键</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>新建任务</translation>
    </message>
    <message>
        <source>New task...</source>
        <translation>新建任务...</translation>
    </message>
    <message>
        <source>New visit</source>
        <translation>新建就诊</translation>
    </message>
    <message>
        <source>New: {records}</source>
        <translation>新增：{records}</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Next area of the page</source>
        <translation>本页的下一区域</translation>
    </message>
    <message>
        <source>Next pair, without reading</source>
        <translation>下一对，不阅片</translation>
    </message>
    <message>
        <source>Next step</source>
        <translation>下一步处理</translation>
    </message>
    <message>
        <source>Next visit</source>
        <translation>下次就诊</translation>
    </message>
    <message>
        <source>Next with words (N)</source>
        <translation>下一张含文字的图像（N）</translation>
    </message>
    <message>
        <source>Nil or diffuse</source>
        <translation>无或边界模糊</translation>
    </message>
    <message>
        <source>Nil or transparent</source>
        <translation>无或透明</translation>
    </message>
    <message>
        <source>Nine groups of four letters and digits. Whoever signs in so becomes an administrator of the library.</source>
        <translation>九组，每组四个字母和数字。以此方式登录者成为病例库的管理员。</translation>
    </message>
    <message>
        <source>No</source>
        <translation>否</translation>
    </message>
    <message>
        <source>No acetowhite epithelium, and lesion {lesions} shows it</source>
        <translation>无醋白上皮，但病变 {lesions} 有此表现</translation>
    </message>
    <message>
        <source>No answer is given from both: {reason}. The pictures can be looked at together.</source>
        <translation>不给出两者合并的结果：{reason}。两张图像可一起查看。</translation>
    </message>
    <message>
        <source>No answer: refused</source>
        <translation>无结果：已拒绝</translation>
    </message>
    <message>
        <source>No answer: {reason}</source>
        <translation>无结果：{reason}</translation>
    </message>
    <message>
        <source>No backup was found in {folder}: the disk may not be connected.</source>
        <translation>在 {folder} 中未找到备份：磁盘可能未连接。</translation>
    </message>
    <message>
        <source>No bands</source>
        <translation>不显示分段</translation>
    </message>
    <message>
        <source>No camera is chosen on this workstation yet. Press D, or Device below, to choose one.</source>
        <translation>本工作站尚未选择相机。按 D，或使用下方的“设备”进行选择。</translation>
    </message>
    <message>
        <source>No camera takes pictures of this shape: give the picture as the camera took it, neither cut nor squeezed.</source>
        <translation>没有相机会拍出这种形状的图像：请按相机拍摄的原样提供图像，既不裁剪也不挤压变形。</translation>
    </message>
    <message>
        <source>No case can be learned from: all that have a label are left out, for the reasons below.</source>
        <translation>没有可用于训练的病例：有标注的病例全部被略过，原因如下。</translation>
    </message>
    <message>
        <source>No case has a label yet. Grade pairs in Annotate, or enter histology in Review.</source>
        <translation>尚无病例有标注。请在“标注”中为配对图像给出级别，或在“阅片”中录入组织学。</translation>
    </message>
    <message>
        <source>No clip in this visit yet. R records one.</source>
        <translation>本次就诊尚无视频片段。按 R 录制。</translation>
    </message>
    <message>
        <source>No clip was recorded.</source>
        <translation>未录制视频片段。</translation>
    </message>
    <message>
        <source>No dark frame was subtracted: {why}. Take a new one.</source>
        <translation>未减去暗帧：{why}。请重新拍摄暗帧。</translation>
    </message>
    <message>
        <source>No earlier visit of this woman has pictures.</source>
        <translation>该患者的既往就诊均无图像。</translation>
    </message>
    <message>
        <source>No epoch was better than the model before: only its calibration is new.</source>
        <translation>没有一轮优于先前的模型：只有校准是新的。</translation>
    </message>
    <message>
        <source>No error to show yet: up to 3 pairs always fit.</source>
        <translation>尚无误差可显示：3 对以内的点总是吻合。</translation>
    </message>
    <message>
        <source>No filter</source>
        <translation>无滤镜</translation>
    </message>
    <message>
        <source>No fluorescence picture here: add one for a pair, or go on with one source.</source>
        <translation>此处没有荧光图像：请添加一张以组成配对，或以单一光源继续。</translation>
    </message>
    <message>
        <source>No fluorescence picture in this pair</source>
        <translation>此配对中没有荧光图像</translation>
    </message>
    <message>
        <source>No fluorescence: {why}</source>
        <translation>无荧光：{why}</translation>
    </message>
    <message>
        <source>No folder for backups is chosen yet. Best is one on another disk, kept away from this computer.</source>
        <translation>尚未选择备份文件夹。最好选在另一磁盘上，并与本计算机分开存放。</translation>
    </message>
    <message>
        <source>No folder is chosen yet.</source>
        <translation>尚未选择文件夹。</translation>
    </message>
    <message>
        <source>No keys</source>
        <translation>不设快捷键</translation>
    </message>
    <message>
        <source>No keys of its own: Tab goes from one control to the next, Space and Enter press.</source>
        <translation>无专用按键：Tab 在控件之间移动，空格和 Enter 用于按下。</translation>
    </message>
    <message>
        <source>No lesion is documented. Each has its own signs and scores.</source>
        <translation>未记录病变。每处病变有各自的体征和评分。</translation>
    </message>
    <message>
        <source>No lesion, and lesion {lesions} is on record</source>
        <translation>无病变，但已记录病变 {lesions}</translation>
    </message>
    <message>
        <source>No letter is due.</source>
        <translation>没有待发的告知信。</translation>
    </message>
    <message>
        <source>No map</source>
        <translation>无分布图</translation>
    </message>
    <message>
        <source>No model on this computer. Pictures can be looked at, registered and reported; there is no AI answer.

Bring a model folder with `pfm models import FOLDER`, or put it into:
{folder}</source>
        <translation>本计算机上没有模型。图像可以查看、配准和报告；没有 AI 结果。

用 `pfm models import FOLDER` 导入模型文件夹，或将其放入：
{folder}</translation>
    </message>
    <message>
        <source>No os is suggested in pictures that cannot be used.</source>
        <translation>无法使用的图像中不提示宫颈外口。</translation>
    </message>
    <message>
        <source>No os was found in these pictures.</source>
        <translation>在这些图像中未找到宫颈外口。</translation>
    </message>
    <message>
        <source>No pair</source>
        <translation>无配对图像</translation>
    </message>
    <message>
        <source>No pair is guessed: choose one picture of each source and make them a pair (P).</source>
        <translation>未推测出配对：请每种光源选择一张图像，组成配对（P）。</translation>
    </message>
    <message>
        <source>No pair of these pictures is on record yet. Show the pictures and put two on the stage, or add pictures.</source>
        <translation>这些图像尚无配对记录。请显示图像并将两张放到图像区，或添加图像。</translation>
    </message>
    <message>
        <source>No pair yet</source>
        <translation>尚无配对</translation>
    </message>
    <message>
        <source>No picture can be moved. {reason}</source>
        <translation>不能移动任何图像。{reason}</translation>
    </message>
    <message>
        <source>No picture on the stage to compare with.</source>
        <translation>图像区没有可供对比的图像。</translation>
    </message>
    <message>
        <source>No picture on the stage.</source>
        <translation>图像区没有图像。</translation>
    </message>
    <message>
        <source>No picture on the stage. Choose one in the filmstrip below.</source>
        <translation>图像区没有图像。请在下方图像条中选择一张。</translation>
    </message>
    <message>
        <source>No picture was found here.</source>
        <translation>此处未找到图像。</translation>
    </message>
    <message>
        <source>No picture was found there. Choose another folder, zip or file.</source>
        <translation>那里未找到图像。请选择其他文件夹、zip 或文件。</translation>
    </message>
    <message>
        <source>No picture would go out.</source>
        <translation>没有图像会被导出。</translation>
    </message>
    <message>
        <source>No pictures can be brought in</source>
        <translation>无法导入图像</translation>
    </message>
    <message>
        <source>No pictures can be brought into this library: {reason}.</source>
        <translation>无法向本病例库导入图像：{reason}。</translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, and the engine reads them.</source>
        <translation>本次就诊尚无图像。添加图像后，分析引擎会读取。</translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, or drop files here.</source>
        <translation>本次就诊尚无图像。请添加图像，或将文件拖放到此处。</translation>
    </message>
    <message>
        <source>No pins yet. Press P on the stage, then click where the biopsy is taken.</source>
        <translation>尚无活检标记。在图像区按 P，然后点击取活检的位置。</translation>
    </message>
    <message>
        <source>No readers differ in this task</source>
        <translation>此任务中阅片者没有不一致</translation>
    </message>
    <message>
        <source>No region drawn</source>
        <translation>未绘制区域</translation>
    </message>
    <message>
        <source>No result</source>
        <translation>无结果</translation>
    </message>
    <message>
        <source>No result is awaited.

A biopsy pin set in Review, or a specimen added beside it, is waited for here until its result is entered.</source>
        <translation>没有待回报的结果。

在阅片页设置的活检标记或在其旁添加的标本，会在此等待，直到其结果录入。</translation>
    </message>
    <message>
        <source>No result of histology is overdue.</source>
        <translation>没有逾期的组织学结果。</translation>
    </message>
    <message>
        <source>No step is left</source>
        <translation>没有剩余步骤</translation>
    </message>
    <message>
        <source>No tasks yet.

A clinician of this library makes them; they are listed here then. F5 looks again.</source>
        <translation>尚无任务。

任务由本病例库的临床医师创建，之后会列在此处。按 F5 重新查看。</translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names and findings.
Choose New task to make the first one from a search.</source>
        <translation>尚无任务。

任务是一组配对图像，由阅片者在看不到姓名和所见的情况下分级。
选择“新建任务”，从搜索结果创建第一个任务。</translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names, findings or AI.
Choose New task to make the first one from a search.</source>
        <translation>尚无任务。

任务是一组配对图像，由阅片者在看不到姓名、所见或 AI 结果的情况下分级。
选择“新建任务”，从搜索结果创建第一个任务。</translation>
    </message>
    <message>
        <source>No tasks yet.

This library is open for reading only.</source>
        <translation>尚无任务。

本病例库仅以只读方式打开。</translation>
    </message>
    <message>
        <source>No tissue near it stayed as it was: click on normal tissue yourself.</source>
        <translation>附近没有保持原样的组织：请自行点击正常组织。</translation>
    </message>
    <message>
        <source>No visit is chosen.</source>
        <translation>未选择就诊。</translation>
    </message>
    <message>
        <source>No visit is found: change the search</source>
        <translation>未找到就诊：请更改搜索条件</translation>
    </message>
    <message>
        <source>No visit is open</source>
        <translation>没有打开的就诊</translation>
    </message>
    <message>
        <source>No visit is open.</source>
        <translation>没有打开的就诊。</translation>
    </message>
    <message>
        <source>No visit is open. Choose one in Today.</source>
        <translation>没有打开的就诊。请在“今日”中选择一次。</translation>
    </message>
    <message>
        <source>No visit open</source>
        <translation>没有打开的就诊</translation>
    </message>
    <message>
        <source>No visit that you read has a result of histology yet.

Once results are entered here, your impressions are compared with them, for you alone.</source>
        <translation>你阅片的就诊尚无组织学结果。

在此录入结果后，会将你的印象与结果对比，仅供你本人查看。</translation>
    </message>
    <message>
        <source>No visit today.</source>
        <translation>今日没有就诊。</translation>
    </message>
    <message>
        <source>No visits yet.

Choose New patient to add the first one, or drop two picture files here.
Folders or zips with pictures of many visits are brought in by Import pictures, or dropped here.</source>
        <translation>尚无就诊。

选择“新建患者”添加第一位，或将两个图像文件拖放到此处。
含多次就诊图像的文件夹或 zip，可用“导入图像”导入，或拖放到此处。</translation>
    </message>
    <message>
        <source>No visits yet.

This library is open for reading only.</source>
        <translation>尚无就诊。

本病例库仅以只读方式打开。</translation>
    </message>
    <message>
        <source>No white light picture here: add one for a pair, or go on with one source.</source>
        <translation>此处没有白光图像：添加一张以组成配对，或仅用一种光源继续。</translation>
    </message>
    <message>
        <source>No white-light picture after acetic acid in this visit.</source>
        <translation>本次就诊没有醋酸后的白光图像。</translation>
    </message>
    <message>
        <source>No white-light picture in this pair</source>
        <translation>此配对中没有白光图像</translation>
    </message>
    <message>
        <source>No whitening so far ({frames} frames).</source>
        <translation>目前未见醋白变化（{frames} 帧）。</translation>
    </message>
    <message>
        <source>Nobody has said who the woman is: give the visit to her (Capture, or Ctrl+M in Today), then sign it.</source>
        <translation>尚未说明患者是谁：请将本次就诊分配给患者（“采集”，或在“今日”中按 Ctrl+M），然后签署。</translation>
    </message>
    <message>
        <source>Nobody has said whose these visits are: assign them to patients first.</source>
        <translation>尚未说明这些就诊属于谁：请先将其分配给患者。</translation>
    </message>
    <message>
        <source>Nobody has the identifier {identifier} in this library: she will be added.</source>
        <translation>本病例库中没有编号为 {identifier} 的患者：将添加该患者。</translation>
    </message>
    <message>
        <source>Nobody is found. Search by name, ID or date.</source>
        <translation>未找到任何人。请按姓名、ID 或日期搜索。</translation>
    </message>
    <message>
        <source>Nobody on record fits. Enter her below as a new patient.</source>
        <translation>没有相符的已记录患者。请在下方将其录入为新患者。</translation>
    </message>
    <message>
        <source>Non-specific</source>
        <translation>非特异性</translation>
    </message>
    <message>
        <source>None comes again: a repeat comes {gap} pairs or more after the first read, and this task is too short for that.</source>
        <translation>没有重复出现的配对：重复须在首次阅片之后隔 {gap} 对或更多才出现，而此任务太短。</translation>
    </message>
    <message numerus="yes">
        <source>None comes again: the share is less than one of %n pair(s).</source>
        <translation>
            <numerusform>没有重复出现的配对：该比例不足 %n 对中的一对。</numerusform>
        </translation>
    </message>
    <message>
        <source>Normal</source>
        <comment>grade</comment>
        <translation>正常</translation>
    </message>
    <message>
        <source>Normal findings</source>
        <translation>正常所见</translation>
    </message>
    <message>
        <source>Normal tissue</source>
        <translation>正常组织</translation>
    </message>
    <message>
        <source>Not aligned</source>
        <translation>未对齐</translation>
    </message>
    <message>
        <source>Not all was read. F5 reads again.</source>
        <translation>未全部读取。按 F5 重新读取。</translation>
    </message>
    <message>
        <source>Not brought in: {problem}</source>
        <translation>未导入：{problem}</translation>
    </message>
    <message>
        <source>Not brought in: {reason}</source>
        <translation>未导入：{reason}</translation>
    </message>
    <message>
        <source>Not calibrated so far.</source>
        <translation>目前尚未校准。</translation>
    </message>
    <message>
        <source>Not checked. {message}</source>
        <translation>未检查。{message}</translation>
    </message>
    <message>
        <source>Not decided yet</source>
        <translation>尚未裁定</translation>
    </message>
    <message>
        <source>Not encrypted</source>
        <translation>未加密</translation>
    </message>
    <message>
        <source>Not exported</source>
        <translation>未导出</translation>
    </message>
    <message>
        <source>Not exported. {message}</source>
        <translation>未导出。{message}</translation>
    </message>
    <message>
        <source>Not exported. {why}</source>
        <translation>未导出。{why}</translation>
    </message>
    <message>
        <source>Not filled from what was drawn: {why}.</source>
        <translation>未根据绘制内容填写：{why}。</translation>
    </message>
    <message>
        <source>Not graded: {reason}</source>
        <translation>未分级：{reason}</translation>
    </message>
    <message>
        <source>Not in the library yet. It is held here and tried again.</source>
        <translation>尚未进入病例库。暂存于此，并会重试。</translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. What is wrong stands beside it. Stay to put it right.</source>
        <translation>尚未保存：{texts}。错误说明在该字段旁。请留下更正。</translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. {why} Stay, and it is kept as soon as that is possible.</source>
        <translation>尚未保存：{texts}。{why} 请留在此处，一旦可以就会保存。</translation>
    </message>
    <message>
        <source>Not kept: {why}.</source>
        <translation>未保存：{why}。</translation>
    </message>
    <message>
        <source>Not known to be hers: they came before this visit was open here, or while nobody looked.</source>
        <translation>不能确定属于该患者：这些图像在本次就诊于此打开之前到达，或在无人查看时到达。</translation>
    </message>
    <message>
        <source>Not known whose ({folder})</source>
        <translation>不知属于谁（{folder}）</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>暂不</translation>
    </message>
    <message>
        <source>Not read yet</source>
        <translation>尚未阅片</translation>
    </message>
    <message>
        <source>Not registered: side by side</source>
        <translation>未配准：并排显示</translation>
    </message>
    <message>
        <source>Not registered: {cause}.</source>
        <translation>未配准：{cause}。</translation>
    </message>
    <message>
        <source>Not saved. {message}</source>
        <translation>未保存。{message}</translation>
    </message>
    <message>
        <source>Not scored: Swede score.</source>
        <translation>未评分：Swede 评分。</translation>
    </message>
    <message>
        <source>Not signed</source>
        <translation>未签署</translation>
    </message>
    <message>
        <source>Not signed: a draft.</source>
        <translation>未签署：草稿。</translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, other weights, this one by {this}.</source>
        <translation>不是已显示的结果：已显示的结果由 {revealed} 给出，权重不同；此结果由 {this} 给出。</translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, this one by {this}.</source>
        <translation>不是已显示的结果：已显示的结果由 {revealed} 给出；此结果由 {this} 给出。</translation>
    </message>
    <message>
        <source>Not to be promoted without a reason:</source>
        <translation>无理由不得启用：</translation>
    </message>
    <message>
        <source>Not to be relied on: {wrong} found wrong in {lines} lines.</source>
        <translation>不可信赖：{lines} 行中发现 {wrong} 处错误。</translation>
    </message>
    <message>
        <source>Not used: its name leads to the model in {folder}.</source>
        <translation>未使用：其名称指向 {folder} 中的模型。</translation>
    </message>
    <message>
        <source>Not {asked:,}: the task is too short for more.</source>
        <translation>不是 {asked:,} 对：任务太短，无法更多。</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Note on a pin</source>
        <translation>活检标记的备注</translation>
    </message>
    <message>
        <source>Note on pin {letter}</source>
        <translation>活检标记 {letter} 的备注</translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) is kept, and waits for the grade</source>
        <translation>
            <numerusform>%n 对的备注、质量或区域已保存，等待分级</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) waits for the grade, and is not all on disk</source>
        <translation>
            <numerusform>%n 对的备注、质量或区域等待分级，且未全部写入磁盘</numerusform>
        </translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Nothing can be taken: {why}.</source>
        <translation>无法拍摄：{why}。</translation>
    </message>
    <message>
        <source>Nothing found for "{search}" among {only}.</source>
        <translation>在{only}中未找到“{search}”。</translation>
    </message>
    <message>
        <source>Nothing found for "{search}" in this list.

Escape in the search field shows all of it.</source>
        <translation>此列表中未找到“{search}”。

在搜索框中按 Esc 可显示全部。</translation>
    </message>
    <message>
        <source>Nothing found for "{search}".</source>
        <translation>未找到“{search}”。</translation>
    </message>
    <message>
        <source>Nothing found.

No line fits all of the filters. Clear one of them, or all.</source>
        <translation>未找到。

没有一行符合所有筛选条件。请清除其中一个或全部。</translation>
    </message>
    <message>
        <source>Nothing found: the first day comes after the last one.

Change the days, or clear the filters.</source>
        <translation>未找到：起始日晚于结束日。

请更改日期，或清除筛选条件。</translation>
    </message>
    <message>
        <source>Nothing is brought in yet. You can go on working meanwhile.</source>
        <translation>尚未导入任何内容。期间可继续工作。</translation>
    </message>
    <message>
        <source>Nothing is drawn</source>
        <translation>未绘制任何内容</translation>
    </message>
    <message>
        <source>Nothing is drawn across this registration: it is for looking only. Draw on the white-light picture, or register the pair again.</source>
        <translation>不能跨此配准绘制：它仅供查看。请在白光图像上绘制，或重新配准该配对。</translation>
    </message>
    <message>
        <source>Nothing is kept: every run of the program has ended as it should, or what was known of it was removed.</source>
        <translation>没有保留任何内容：程序每次都正常结束，或者相关内容已被删除。</translation>
    </message>
    <message>
        <source>Nothing is marked, read or kept here.</source>
        <translation>此处不作标记、不阅片、不保存。</translation>
    </message>
    <message>
        <source>Nothing is on record yet.

Every change, reveal, export and setting will stand here.</source>
        <translation>尚无记录。

每次更改、显示、导出和设置都会列在此处。</translation>
    </message>
    <message>
        <source>Nothing is taken before that is said.</source>
        <translation>说明之前不会拍摄任何图像。</translation>
    </message>
    <message>
        <source>Nothing is to be discussed.</source>
        <translation>没有需要讨论的内容。</translation>
    </message>
    <message>
        <source>Nothing is to be discussed.

Visits come here by themselves where histology and impression are two grades apart, and where the follow-up says so.</source>
        <translation>没有需要讨论的内容。

组织学与印象相差两级的就诊，以及随访中如此注明的就诊，会自动列在此处。</translation>
    </message>
    <message>
        <source>Nothing more to decide here.

Left goes back, T to the tasks.</source>
        <translation>此处没有更多需要裁定的内容。

左方向键返回，T 回到任务。</translation>
    </message>
    <message>
        <source>Nothing on this computer opens folders. It is here: {folder}</source>
        <translation>这台计算机上没有可打开文件夹的程序。文件夹在此处：{folder}</translation>
    </message>
    <message>
        <source>Nothing speaks against it: none of {measures} is worse beyond chance.</source>
        <translation>没有反对的依据：{measures}中没有一项的变差超出偶然范围。</translation>
    </message>
    <message>
        <source>Nothing taken yet</source>
        <translation>尚未拍摄</translation>
    </message>
    <message>
        <source>Nothing to compare yet: no pair of this task was graded twice.</source>
        <translation>尚无可比较的内容：此任务中没有配对被分级两次。</translation>
    </message>
    <message>
        <source>Nothing to import</source>
        <translation>没有可导入的内容</translation>
    </message>
    <message>
        <source>Nothing to import yet</source>
        <translation>尚无可导入的内容</translation>
    </message>
    <message>
        <source>Nothing was added yet. What is marked above is already in another visit, or seems to be of another woman or day: remove it, or add it all the same.</source>
        <translation>尚未添加任何内容。上方标出的图像已在另一次就诊中，或似乎属于另一位患者或另一日期：请移除，或仍然添加。</translation>
    </message>
    <message>
        <source>Nothing was changed. Keep the backups there are; ask who looks after the computers (pfm library repair).</source>
        <translation>未作任何更改。请保留现有备份；请咨询负责计算机的人员（pfm library repair）。</translation>
    </message>
    <message>
        <source>Nothing was learned from this library yet.</source>
        <translation>尚未用本病例库训练过模型。</translation>
    </message>
    <message>
        <source>Nothing was left out.</source>
        <translation>没有内容被略过。</translation>
    </message>
    <message>
        <source>Nov</source>
        <translation>11月</translation>
    </message>
    <message>
        <source>November</source>
        <translation>十一月</translation>
    </message>
    <message>
        <source>Now click on normal pink tissue: the whitening of the place is told against it.</source>
        <translation>现在点击正常的粉红色组织：该处的醋白变化以其为参照。</translation>
    </message>
    <message>
        <source>Now click on the other end.</source>
        <translation>现在点击另一端。</translation>
    </message>
    <message>
        <source>Now the same spot in the Lugol's iodine picture.</source>
        <translation>现在在卢戈碘液图像中点击同一点。</translation>
    </message>
    <message>
        <source>Now the same spot in the fluorescence picture.</source>
        <translation>现在在荧光图像中点击同一点。</translation>
    </message>
    <message>
        <source>Now the same spot in the green filter picture.</source>
        <translation>现在在绿色滤镜图像中点击同一点。</translation>
    </message>
    <message>
        <source>Now the same spot in the white-light picture.</source>
        <translation>现在在白光图像中点击同一点。</translation>
    </message>
    <message>
        <source>Now: {language}</source>
        <translation>当前：{language}</translation>
    </message>
    <message>
        <source>Number</source>
        <comment>of the laboratory</comment>
        <translation>病理号</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Numbered: the places that were measured.</source>
        <translation>编号：已测量的位置。</translation>
    </message>
    <message>
        <source>Numbered: the places that were measured; dashed: tissue named as normal.</source>
        <translation>编号：已测量的位置；虚线：指定为正常的组织。</translation>
    </message>
    <message>
        <source>O'clock</source>
        <translation>钟点方位</translation>
    </message>
    <message>
        <source>Oct</source>
        <translation>10月</translation>
    </message>
    <message>
        <source>October</source>
        <translation>十月</translation>
    </message>
    <message numerus="yes">
        <source>Of %n visit(s) the AI gave no grade.</source>
        <translation>
            <numerusform>有 %n 次就诊 AI 未给出级别。</numerusform>
        </translation>
    </message>
    <message>
        <source>Of lesion</source>
        <translation>所属病变</translation>
    </message>
    <message>
        <source>Of the cervix</source>
        <translation>占宫颈比例</translation>
    </message>
    <message>
        <source>Of the window and of what it prints, from the next start on.</source>
        <translation>用于窗口及其打印的内容，自下次启动起生效。</translation>
    </message>
    <message>
        <source>Of women with a biopsy alone: sensitivity looks better than it is, specificity worse.</source>
        <translation>仅包括有活检的患者：灵敏度看起来比实际好，特异度看起来比实际差。</translation>
    </message>
    <message>
        <source>Off the record. Edit &gt; Undo or Redo brings it back.</source>
        <translation>已从记录中移除。“编辑 &gt; 撤销”或“重做”可恢复。</translation>
    </message>
    <message>
        <source>Offer of a tour</source>
        <translation>导览提示</translation>
    </message>
    <message>
        <source>Old and new model on the locked test</source>
        <translation>新旧模型在锁定测试集上的表现</translation>
    </message>
    <message>
        <source>On</source>
        <comment>on which picture</comment>
        <translation>所在图像</translation>
    </message>
    <message>
        <source>On its way to the library ...</source>
        <translation>正在存入病例库...</translation>
    </message>
    <message>
        <source>On the locked test</source>
        <translation>在锁定测试集上</translation>
    </message>
    <message>
        <source>On the picture of</source>
        <translation>所在图像</translation>
    </message>
    <message>
        <source>On the pictures</source>
        <translation>在图像上</translation>
    </message>
    <message>
        <source>On this computer {model} answers.</source>
        <translation>在本计算机上由 {model} 给出结果。</translation>
    </message>
    <message>
        <source>On {moment} the program ended without being closed. What helps to find out why can be saved as one file. It holds nothing of any patient.</source>
        <translation>{moment}，程序未经关闭就结束了。有助于查明原因的内容可以保存为一个文件，其中没有任何患者的信息。</translation>
    </message>
    <message>
        <source>On {picture}</source>
        <translation>在{picture}上</translation>
    </message>
    <message>
        <source>Once it is closed there it can be opened for writing here</source>
        <translation>在那里关闭后，即可在此以可写方式打开</translation>
    </message>
    <message>
        <source>Once you gave your grade. It goes on record.</source>
        <translation>给出自己的分级之后。会记录在案。</translation>
    </message>
    <message>
        <source>One camera, a lamp switched between white light and fluorescence</source>
        <translation>一台相机，光源灯在白光与荧光之间切换</translation>
    </message>
    <message>
        <source>One camera, white light only</source>
        <translation>一台相机，仅白光</translation>
    </message>
    <message>
        <source>One can go on working meanwhile, and stop it at any time.</source>
        <translation>期间可继续工作，也可随时停止。</translation>
    </message>
    <message>
        <source>One picture</source>
        <translation>单张图像</translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel</source>
        <translation>一个图像像素对应一个屏幕像素</translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel (Z)</source>
        <translation>一个图像像素对应一个屏幕像素（Z）</translation>
    </message>
    <message>
        <source>One picture, to draw boxes that will be black</source>
        <translation>单张图像，用于绘制将被涂黑的方框</translation>
    </message>
    <message>
        <source>One source only: {source}</source>
        <translation>仅一种光源：{source}</translation>
    </message>
    <message>
        <source>One source only: {source}. The other one was not given.</source>
        <translation>仅一种光源：{source}。未提供另一种。</translation>
    </message>
    <message>
        <source>One to one</source>
        <translation>原始大小</translation>
    </message>
    <message>
        <source>One visit</source>
        <translation>一次就诊</translation>
    </message>
    <message>
        <source>Only one picture has its seconds since acetic acid: there is nothing to play.</source>
        <translation>只有一张图像有醋酸后秒数：没有可播放的内容。</translation>
    </message>
    <message>
        <source>Only pairs without a label</source>
        <translation>仅无标注的配对</translation>
    </message>
    <message numerus="yes">
        <source>Only pairs without a label ({unlabelled:,} of %n visits)</source>
        <translation>
            <numerusform>仅无标注的配对（%n 次就诊中的 {unlabelled:,} 次）</numerusform>
        </translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>Opacity of the fluorescence picture</source>
        <translation>荧光图像的不透明度</translation>
    </message>
    <message>
        <source>Opacity of the model attention</source>
        <translation>模型关注区的不透明度</translation>
    </message>
    <message>
        <source>Opacity of the {what} picture</source>
        <translation>{what}图像的不透明度</translation>
    </message>
    <message>
        <source>Open a library first</source>
        <translation>请先打开病例库</translation>
    </message>
    <message>
        <source>Open a visit on Today first</source>
        <translation>请先在“今日”中打开一次就诊</translation>
    </message>
    <message>
        <source>Open another library once more</source>
        <translation>再次打开其他病例库</translation>
    </message>
    <message>
        <source>Open another library...</source>
        <translation>打开其他病例库...</translation>
    </message>
    <message>
        <source>Open for &amp;writing</source>
        <translation>以可写方式打开(&amp;W)</translation>
    </message>
    <message>
        <source>Open for writing</source>
        <translation>以可写方式打开</translation>
    </message>
    <message>
        <source>Open in Review:</source>
        <translation>阅片页已打开：</translation>
    </message>
    <message>
        <source>Open it again</source>
        <translation>重新打开</translation>
    </message>
    <message>
        <source>Open it for writing once more</source>
        <translation>再次以可写方式打开</translation>
    </message>
    <message>
        <source>Open the aperture or raise the light, then retake.</source>
        <translation>开大光圈或提高光照，然后重拍。</translation>
    </message>
    <message>
        <source>Open the camera again</source>
        <translation>重新打开相机</translation>
    </message>
    <message>
        <source>Open the demo library</source>
        <translation>打开演示病例库</translation>
    </message>
    <message>
        <source>Open the demo library and take the tour</source>
        <translation>打开演示病例库并开始导览</translation>
    </message>
    <message>
        <source>Open the demo library once more</source>
        <translation>再次打开演示病例库</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Open the library in this folder</source>
        <translation>打开此文件夹中的病例库</translation>
    </message>
    <message>
        <source>Open the other library without it</source>
        <translation>不保留，打开另一病例库</translation>
    </message>
    <message>
        <source>Open the visit on which the list stands</source>
        <translation>打开列表中当前所在的就诊</translation>
    </message>
    <message>
        <source>Open this visit</source>
        <translation>打开本次就诊</translation>
    </message>
    <message>
        <source>Opening the camera ...</source>
        <translation>正在打开相机...</translation>
    </message>
    <message>
        <source>Opening the library</source>
        <translation>正在打开病例库</translation>
    </message>
    <message>
        <source>Opening the library for writing</source>
        <translation>正在以可写方式打开病例库</translation>
    </message>
    <message>
        <source>Opening {library}</source>
        <translation>正在打开 {library}</translation>
    </message>
    <message>
        <source>Or click on one end of a known length, then on the other; zoom in (+) to be exact.</source>
        <translation>或点击已知长度的一端，再点击另一端；放大（+）可更精确。</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>Os</source>
        <translation>宫颈外口</translation>
    </message>
    <message>
        <source>Os mark</source>
        <translation>宫颈外口标记</translation>
    </message>
    <message>
        <source>Os tool</source>
        <translation>宫颈外口工具</translation>
    </message>
    <message>
        <source>Other grades are not excluded.</source>
        <translation>不排除其他级别。</translation>
    </message>
    <message>
        <source>Other libraries are not backed up by this.</source>
        <translation>其他病例库不会随此备份。</translation>
    </message>
    <message>
        <source>Other reason</source>
        <translation>其他原因</translation>
    </message>
    <message>
        <source>Other visits</source>
        <translation>其他就诊</translation>
    </message>
    <message>
        <source>Other visits of this woman</source>
        <translation>该患者的其他就诊</translation>
    </message>
    <message>
        <source>Others spared (specificity)</source>
        <translation>其余未误判（特异度）</translation>
    </message>
    <message>
        <source>Outlined: lesions as they were drawn, by number; dashed: the SCJ.</source>
        <translation>实线轮廓：按绘制的病变，标有编号；虚线：鳞柱交界（SCJ）。</translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades.</source>
        <translation>醋酸后已超过 3 分钟：醋白变化正在消退。</translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades. Take what is missing now.</source>
        <translation>醋酸后已超过 3 分钟：醋白变化正在消退。请立即补拍缺少的图像。</translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation>PDF (*.pdf)</translation>
    </message>
    <message>
        <source>Page before</source>
        <translation>上一页</translation>
    </message>
    <message>
        <source>Page {title}</source>
        <translation>页面：{title}</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Pair</source>
        <comment>of pictures</comment>
        <translation>配对</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>配对</translation>
    </message>
    <message>
        <source>Pair (internal number)</source>
        <translation>配对（内部编号）</translation>
    </message>
    <message>
        <source>Pair {number:,} of {pairs:,}</source>
        <translation>第 {number:,} 对，共 {pairs:,} 对</translation>
    </message>
    <message>
        <source>Pairs</source>
        <translation>配对</translation>
    </message>
    <message>
        <source>Pairs one after the other by single keys, without names and without the AI: {annotate.grade_normal} normal to {annotate.grade_cancer} cancer, {annotate.undo} takes back. {annotate.new_task} makes a task.</source>
        <translation>用单个按键逐对阅片，不显示姓名，也没有 AI：{annotate.grade_normal} 正常，直至 {annotate.grade_cancer} 癌；{annotate.undo} 撤回。{annotate.new_task} 创建任务。</translation>
    </message>
    <message>
        <source>Pairs that differ most from each other first</source>
        <translation>彼此差异最大的配对优先</translation>
    </message>
    <message>
        <source>Pairs {pairs}</source>
        <translation>点对 {pairs}</translation>
    </message>
    <message>
        <source>Pan</source>
        <comment>to move pictures</comment>
        <translation>平移</translation>
    </message>
    <message>
        <source>Pan tool</source>
        <translation>平移工具</translation>
    </message>
    <message>
        <source>Parity</source>
        <translation>产次</translation>
    </message>
    <message>
        <source>Part &amp;pair</source>
        <translation>拆分配对(&amp;P)</translation>
    </message>
    <message>
        <source>Part of this place is overexposed: it whitened by more than this says.</source>
        <translation>此处部分曝光过度：实际醋白变化大于所示。</translation>
    </message>
    <message>
        <source>Partial uptake: variegated, speckled</source>
        <translation>碘部分摄取：斑驳、斑点状</translation>
    </message>
    <message>
        <source>Parts could not be read: {parts}.</source>
        <translation>部分内容无法读取：{parts}。</translation>
    </message>
    <message>
        <source>Parts of the clip cannot be read: {problems}.</source>
        <translation>视频片段的部分内容无法读取：{problems}。</translation>
    </message>
    <message>
        <source>Parts of the whitening clip cannot be read: {problems}.</source>
        <translation>醋白变化视频片段的部分内容无法读取：{problems}。</translation>
    </message>
    <message>
        <source>Pass a model on</source>
        <translation>转交模型</translation>
    </message>
    <message>
        <source>Pass on...</source>
        <translation>转交...</translation>
    </message>
    <message>
        <source>Passing a model on</source>
        <translation>正在转交模型</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>Pathologist</source>
        <translation>病理医师</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Patient (internal number)</source>
        <translation>患者（内部编号）</translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation>患者 ID</translation>
    </message>
    <message>
        <source>Patient of this form</source>
        <translation>此表单的患者</translation>
    </message>
    <message>
        <source>Patients without visits</source>
        <translation>无就诊的患者</translation>
    </message>
    <message>
        <source>Patients without visits...</source>
        <translation>无就诊的患者...</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Paused. It waits until you let it go on.</source>
        <translation>已暂停。等待继续运行的指令。</translation>
    </message>
    <message>
        <source>People</source>
        <translation>人员</translation>
    </message>
    <message>
        <source>People of this library</source>
        <translation>本病例库的人员</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Picture (internal number)</source>
        <translation>图像（内部编号）</translation>
    </message>
    <message>
        <source>Picture of the sequence</source>
        <translation>序列中的图像</translation>
    </message>
    <message>
        <source>Picture of the visit before, over the live one</source>
        <translation>上次就诊的图像，叠加于实时图像</translation>
    </message>
    <message>
        <source>Picture {name}</source>
        <translation>图像 {name}</translation>
    </message>
    <message>
        <source>Picture {number} cannot be shown. {message}</source>
        <translation>图像 {number} 无法显示。{message}</translation>
    </message>
    <message>
        <source>Picture {place} of {count}</source>
        <translation>第 {place} 张图像，共 {count} 张</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Pictures ({endings});;All files (*)</source>
        <translation>图像 ({endings});;所有文件 (*)</translation>
    </message>
    <message>
        <source>Pictures a second.</source>
        <translation>每秒图像数。</translation>
    </message>
    <message>
        <source>Pictures as they were taken</source>
        <translation>图像恢复原样</translation>
    </message>
    <message>
        <source>Pictures come from the folder.</source>
        <translation>图像来自文件夹。</translation>
    </message>
    <message>
        <source>Pictures for {identifier} were left out: {reason}. Look who she is, and confirm her.</source>
        <translation>{identifier} 的图像已略过：{reason}。请核对患者身份并确认。</translation>
    </message>
    <message>
        <source>Pictures of earlier visits</source>
        <translation>既往就诊的图像</translation>
    </message>
    <message>
        <source>Pictures of earlier visits of this woman</source>
        <translation>该患者既往就诊的图像</translation>
    </message>
    <message>
        <source>Pictures of {identifier} were added to her visit of {day}.</source>
        <translation>{identifier} 的图像已添加到其 {day} 的就诊。</translation>
    </message>
    <message>
        <source>Pictures of {identifier} will be added to her visit of {day}.</source>
        <translation>{identifier} 的图像将添加到其 {day} 的就诊。</translation>
    </message>
    <message>
        <source>Pictures prepared</source>
        <translation>图像已准备好</translation>
    </message>
    <message>
        <source>Pictures that appear in the folder go into the visit that is open then, as they are. Nothing in the folder is moved or deleted; what lies there already is brought in by Import.</source>
        <translation>文件夹中出现的图像会原样进入当时打开的就诊。文件夹中的内容不会被移动或删除；已在其中的图像用“导入”导入。</translation>
    </message>
    <message>
        <source>Pictures that wait</source>
        <translation>等待中的图像</translation>
    </message>
    <message>
        <source>Pictures that would go out</source>
        <translation>将被导出的图像</translation>
    </message>
    <message>
        <source>Pictures themselves may still tell who somebody is, and so may a rare finding: pass it on under agreement.</source>
        <translation>图像本身仍可能透露患者身份，罕见的所见也可能如此：请在有协议的情况下转交。</translation>
    </message>
    <message>
        <source>Pictures, videos, DICOM and zips (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</source>
        <translation>图像、视频、DICOM 和 zip (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>活检标记</translation>
    </message>
    <message>
        <source>Pin tool</source>
        <translation>活检标记工具</translation>
    </message>
    <message>
        <source>Pin {letter}, {place}</source>
        <translation>活检标记 {letter}，{place}</translation>
    </message>
    <message>
        <source>Pins</source>
        <comment>tab</comment>
        <translation>活检</translation>
    </message>
    <message>
        <source>Pins and pots</source>
        <translation>活检标记与标本瓶</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Place 4 points</source>
        <translation>放置 4 个点</translation>
    </message>
    <message>
        <source>Place a pin or the os at the cursor; close what is drawn</source>
        <translation>在光标处放置活检标记或宫颈外口；闭合所绘图形</translation>
    </message>
    <message>
        <source>Places on record</source>
        <translation>已记录的位置</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>处理计划</translation>
    </message>
    <message>
        <source>Plan missing.</source>
        <translation>缺少处理计划。</translation>
    </message>
    <message>
        <source>Plan of examinations</source>
        <translation>检查方案</translation>
    </message>
    <message>
        <source>Plan of examinations ...</source>
        <translation>检查方案...</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation>播放或暂停（空格）</translation>
    </message>
    <message>
        <source>Play sequence</source>
        <translation>播放序列</translation>
    </message>
    <message>
        <source>Play the acetic acid sequence</source>
        <translation>播放醋酸序列</translation>
    </message>
    <message>
        <source>Player</source>
        <translation>播放器</translation>
    </message>
    <message>
        <source>Player: not the pair that is read.</source>
        <translation>播放器：不是正在阅片的配对。</translation>
    </message>
    <message>
        <source>Player: the first picture</source>
        <translation>播放器：第一张图像</translation>
    </message>
    <message>
        <source>Player: the last picture</source>
        <translation>播放器：最后一张图像</translation>
    </message>
    <message>
        <source>Player: the next picture</source>
        <translation>播放器：下一张图像</translation>
    </message>
    <message>
        <source>Player: the picture before</source>
        <translation>播放器：上一张图像</translation>
    </message>
    <message>
        <source>Points that are paired by hand</source>
        <translation>手动配对的点</translation>
    </message>
    <message>
        <source>Polariser</source>
        <translation>偏振片</translation>
    </message>
    <message>
        <source>Port of the lamp</source>
        <translation>光源灯端口</translation>
    </message>
    <message>
        <source>Positive uptake, mahogany brown; or yellow staining of a lesion of 3 or less on the other three; or iodine-negative areas beyond the margin of the transformation zone</source>
        <translation>碘摄取阳性，呈红褐色；或其他三项合计不超过 3 分的病变染成黄色；或转化区边缘以外的碘不着色区</translation>
    </message>
    <message>
        <source>Pot</source>
        <translation>标本瓶</translation>
    </message>
    <message>
        <source>Pot of {specimen}</source>
        <translation>{specimen}的标本瓶</translation>
    </message>
    <message>
        <source>Pot {pot}</source>
        <translation>标本瓶 {pot}</translation>
    </message>
    <message>
        <source>Pot {pot}, {result}</source>
        <translation>标本瓶 {pot}，{result}</translation>
    </message>
    <message>
        <source>Pot {pot}: {result}</source>
        <translation>标本瓶 {pot}：{result}</translation>
    </message>
    <message>
        <source>Pot {pot}: {result}, reported {day}</source>
        <translation>标本瓶 {pot}：{result}，{day} 报告</translation>
    </message>
    <message>
        <source>Pots of this visit</source>
        <translation>本次就诊的标本瓶</translation>
    </message>
    <message>
        <source>Prediction set</source>
        <translation>预测集</translation>
    </message>
    <message>
        <source>Prediction set ({promise})</source>
        <translation>预测集（{promise}）</translation>
    </message>
    <message>
        <source>Pregnant</source>
        <translation>妊娠</translation>
    </message>
    <message>
        <source>Pregnant after a hysterectomy</source>
        <translation>子宫切除术后妊娠</translation>
    </message>
    <message>
        <source>Pregnant and postmenopausal</source>
        <translation>妊娠且已绝经</translation>
    </message>
    <message>
        <source>Preparing pictures</source>
        <translation>正在准备图像</translation>
    </message>
    <message>
        <source>Preparing the sequence</source>
        <translation>正在准备序列</translation>
    </message>
    <message>
        <source>Preparing the sequence ...</source>
        <translation>正在准备序列...</translation>
    </message>
    <message>
        <source>Press "Somebody else..." once more</source>
        <translation>再按一次“其他人...”</translation>
    </message>
    <message>
        <source>Press again to confirm {what} all the same.</source>
        <translation>再按一次，仍然确认{what}。</translation>
    </message>
    <message>
        <source>Press again to give it to her all the same.</source>
        <translation>再按一次，仍然分配给该患者。</translation>
    </message>
    <message>
        <source>Press again: what it has learned is removed</source>
        <translation>再按一次：训练结果将被移除</translation>
    </message>
    <message>
        <source>Press the keys you want.</source>
        <translation>按下所需的按键。</translation>
    </message>
    <message>
        <source>Press to place points by hand.</source>
        <translation>按此手动放置点。</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Preview of the report</source>
        <translation>报告预览</translation>
    </message>
    <message>
        <source>Previous area of the page</source>
        <translation>页面的上一区域</translation>
    </message>
    <message>
        <source>Print it, then delete the file: whoever has it can open the library.</source>
        <translation>请打印后删除该文件：持有者可打开病例库。</translation>
    </message>
    <message>
        <source>Print the recovery key or write it down first: it is not shown again.</source>
        <translation>请先打印或抄写恢复密钥：不会再次显示。</translation>
    </message>
    <message>
        <source>Printed name</source>
        <translation>正楷姓名</translation>
    </message>
    <message>
        <source>Privacy screen</source>
        <translation>隐私屏</translation>
    </message>
    <message>
        <source>Probabilities not calibrated for such pictures.</source>
        <translation>对此类图像，概率未经校准。</translation>
    </message>
    <message>
        <source>Probability of each grade</source>
        <translation>各级别的概率</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Problem: {what}</source>
        <translation>问题：{what}</translation>
    </message>
    <message>
        <source>Processed, for looking: {pictures}</source>
        <translation>已处理，仅用于查看：{pictures}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Progress of preparing the sequence</source>
        <translation>准备序列的进度</translation>
    </message>
    <message>
        <source>Progress of {job}</source>
        <translation>{job}的进度</translation>
    </message>
    <message>
        <source>Promote the new model</source>
        <translation>启用新模型</translation>
    </message>
    <message>
        <source>Promote...</source>
        <translation>启用...</translation>
    </message>
    <message>
        <source>Promoted by {name}: {meaning}.</source>
        <translation>由 {name} 启用：{meaning}。</translation>
    </message>
    <message>
        <source>Promoting ...</source>
        <translation>正在启用...</translation>
    </message>
    <message>
        <source>Promoting a model</source>
        <translation>正在启用模型</translation>
    </message>
    <message>
        <source>Pseudonym</source>
        <translation>化名</translation>
    </message>
    <message>
        <source>Pseudonym to look up</source>
        <translation>要查询的化名</translation>
    </message>
    <message>
        <source>Put on record</source>
        <translation>记录在案</translation>
    </message>
    <message>
        <source>Put on the stage</source>
        <translation>放到图像区</translation>
    </message>
    <message>
        <source>Puts up to six spots where the pictures are registered now, to be dragged right</source>
        <translation>按当前配准放置最多六个点，供拖动到正确位置</translation>
    </message>
    <message>
        <source>Putting it on record</source>
        <translation>正在记录</translation>
    </message>
    <message>
        <source>Quadrants covered</source>
        <translation>累及象限数</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>Quality (Q)</source>
        <translation>质量（Q）</translation>
    </message>
    <message>
        <source>Quality: good, limited, unusable</source>
        <translation>质量：良好、受限、不可用</translation>
    </message>
    <message>
        <source>Quality: {quality}</source>
        <translation>质量：{quality}</translation>
    </message>
    <message>
        <source>Random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>Rate</source>
        <comment>of frames</comment>
        <translation>帧率</translation>
    </message>
    <message>
        <source>Re&amp;view</source>
        <translation>阅片(&amp;R)</translation>
    </message>
    <message>
        <source>Read</source>
        <comment>one that somebody did</comment>
        <translation>阅片</translation>
    </message>
    <message>
        <source>Read (Enter)</source>
        <translation>阅片（Enter）</translation>
    </message>
    <message>
        <source>Read by administrators of the library.</source>
        <translation>由病例库管理员查看。</translation>
    </message>
    <message>
        <source>Read by you</source>
        <translation>本人已阅</translation>
    </message>
    <message>
        <source>Read only, nothing can be changed here: {why}</source>
        <translation>只读，此处不能作任何更改：{why}</translation>
    </message>
    <message>
        <source>Read only: {why}.</source>
        <translation>只读：{why}。</translation>
    </message>
    <message>
        <source>Read pairs for labels</source>
        <translation>阅片以标注配对</translation>
    </message>
    <message>
        <source>Read the card</source>
        <translation>查看模型卡</translation>
    </message>
    <message>
        <source>Reader</source>
        <translation>阅片者</translation>
    </message>
    <message>
        <source>Reader {number}</source>
        <translation>阅片者 {number}</translation>
    </message>
    <message>
        <source>Reader: the name beside your reads and signatures</source>
        <translation>阅片者：显示在阅片和签名旁的姓名</translation>
    </message>
    <message>
        <source>Readers</source>
        <translation>阅片者</translation>
    </message>
    <message>
        <source>Readers differ</source>
        <translation>阅片者不一致</translation>
    </message>
    <message>
        <source>Readers see the AI answer</source>
        <translation>阅片者可见 AI 结果</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>正在读取</translation>
    </message>
    <message>
        <source>Reading ...</source>
        <translation>正在读取...</translation>
    </message>
    <message>
        <source>Reading the clip</source>
        <translation>正在读取视频片段</translation>
    </message>
    <message>
        <source>Reading the earlier picture</source>
        <translation>正在读取既往图像</translation>
    </message>
    <message>
        <source>Reading the labels</source>
        <translation>正在读取标注</translation>
    </message>
    <message>
        <source>Reading the pictures</source>
        <translation>正在读取图像</translation>
    </message>
    <message>
        <source>Reading the registration</source>
        <translation>正在读取配准</translation>
    </message>
    <message>
        <source>Reading the report</source>
        <translation>正在读取报告</translation>
    </message>
    <message>
        <source>Reading what is on record</source>
        <translation>正在读取记录</translation>
    </message>
    <message>
        <source>Reading {file}</source>
        <translation>正在读取 {file}</translation>
    </message>
    <message>
        <source>Reads</source>
        <comment>of which pictures a model makes its answer</comment>
        <translation>输入图像</translation>
    </message>
    <message>
        <source>Reads</source>
        <translation>阅片</translation>
    </message>
    <message>
        <source>Reads shown to who decides</source>
        <translation>已向裁定者显示阅片</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>理由</translation>
    </message>
    <message>
        <source>Reason for iodine in spite of the allergy</source>
        <translation>有过敏仍用碘的理由</translation>
    </message>
    <message>
        <source>Reason, needed to use it all the same</source>
        <translation>理由，仍要使用时必填</translation>
    </message>
    <message>
        <source>Reason: {reason}</source>
        <translation>理由：{reason}</translation>
    </message>
    <message>
        <source>Record</source>
        <comment>a clip</comment>
        <translation>录制</translation>
    </message>
    <message>
        <source>Record a clip, or end it</source>
        <translation>录制视频片段，或结束录制</translation>
    </message>
    <message>
        <source>Recovery &amp;key</source>
        <translation>恢复密钥(&amp;K)</translation>
    </message>
    <message>
        <source>Recovery key</source>
        <translation>恢复密钥</translation>
    </message>
    <message>
        <source>Referral</source>
        <translation>转诊</translation>
    </message>
    <message>
        <source>Referral</source>
        <comment>tab</comment>
        <translation>转诊</translation>
    </message>
    <message>
        <source>Referral card</source>
        <translation>转诊卡</translation>
    </message>
    <message>
        <source>Referral: {answers}</source>
        <translation>转诊：{answers}</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Regions</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Register automatically again</source>
        <translation>重新自动配准</translation>
    </message>
    <message>
        <source>Register by points ...</source>
        <translation>用点配准...</translation>
    </message>
    <message>
        <source>Registered</source>
        <translation>已配准</translation>
    </message>
    <message>
        <source>Registered by hand, to be looked at only: {cause}.</source>
        <translation>手动配准，仅供查看：{cause}。</translation>
    </message>
    <message>
        <source>Registered, estimated error unknown.</source>
        <translation>已配准，估计误差未知。</translation>
    </message>
    <message>
        <source>Registered, estimated error {error}.</source>
        <translation>已配准，估计误差 {error}。</translation>
    </message>
    <message>
        <source>Registering</source>
        <translation>正在配准</translation>
    </message>
    <message>
        <source>Registering needs both pictures.</source>
        <translation>配准需要两张图像。</translation>
    </message>
    <message>
        <source>Registering the pair</source>
        <translation>正在配准配对图像</translation>
    </message>
    <message>
        <source>Registers the pair by these points (Enter)</source>
        <translation>用这些点配准配对图像（Enter）</translation>
    </message>
    <message>
        <source>Registration</source>
        <translation>配准</translation>
    </message>
    <message>
        <source>Registration: not made.</source>
        <translation>配准：未进行。</translation>
    </message>
    <message>
        <source>Registration: {status}, by hand.</source>
        <translation>配准：{status}，手动。</translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px, by hand.</source>
        <translation>配准：{status}，估计误差 {error:.1f} px，手动。</translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px.</source>
        <translation>配准：{status}，估计误差 {error:.1f} px。</translation>
    </message>
    <message>
        <source>Registration: {status}.</source>
        <translation>配准：{status}。</translation>
    </message>
    <message>
        <source>Regular-shaped, symmetrical, with smooth, straight outlines</source>
        <translation>形状规则、对称，轮廓平滑、平直</translation>
    </message>
    <message>
        <source>Reid index of lesion {number}: {status}</source>
        <translation>病变 {number} 的 Reid 指数：{status}</translation>
    </message>
    <message>
        <source>Reid index: {status}</source>
        <translation>Reid 指数：{status}</translation>
    </message>
    <message>
        <source>Remarks</source>
        <translation>补充说明</translation>
    </message>
    <message>
        <source>Removals only</source>
        <translation>仅移除</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove from this visit</source>
        <translation>从本次就诊移除</translation>
    </message>
    <message>
        <source>Remove it: press again</source>
        <translation>移除：请再按一次</translation>
    </message>
    <message>
        <source>Remove lesion {number}</source>
        <translation>移除病变 {number}</translation>
    </message>
    <message>
        <source>Remove lesion {number} with its scores; it can be undone</source>
        <translation>移除病变 {number} 及其评分；可撤销</translation>
    </message>
    <message>
        <source>Remove patient</source>
        <translation>移除患者</translation>
    </message>
    <message>
        <source>Remove the chosen pin, contour or line</source>
        <translation>移除所选的活检标记、轮廓或线</translation>
    </message>
    <message>
        <source>Remove the drawn outline of the cervix</source>
        <translation>移除所绘的宫颈轮廓</translation>
    </message>
    <message>
        <source>Remove visit</source>
        <translation>移除就诊</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Removed: names, numbers, birth dates, all that was typed, who examined, AI answers, cameras, file names. Days are moved; ages stay, at most 90.</source>
        <translation>已移除：姓名、号码、出生日期、所有键入内容、检查者、AI 结果、相机、文件名。日期已平移；年龄保留，最大 90 岁。</translation>
    </message>
    <message>
        <source>Repairing</source>
        <translation>正在修复</translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Report</source>
        <comment>tab</comment>
        <translation>报告</translation>
    </message>
    <message>
        <source>Report and signature</source>
        <translation>报告与签名</translation>
    </message>
    <message>
        <source>Report has: {section}</source>
        <translation>报告包含：{section}</translation>
    </message>
    <message>
        <source>Reported</source>
        <translation>报告日期</translation>
    </message>
    <message>
        <source>Reported by me</source>
        <translation>本人出具报告</translation>
    </message>
    <message>
        <source>Research, without names: CSV, manifest to train</source>
        <translation>科研，无姓名：CSV、训练用清单</translation>
    </message>
    <message>
        <source>Research, without names: DICOM</source>
        <translation>科研，无姓名：DICOM</translation>
    </message>
    <message>
        <source>Research, without names: the same, and COCO</source>
        <translation>科研，无姓名：同上，另加 COCO</translation>
    </message>
    <message>
        <source>Responsible for this report</source>
        <translation>对本报告负责</translation>
    </message>
    <message>
        <source>Restoring</source>
        <translation>正在恢复</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Result of pot {pot}</source>
        <translation>标本瓶 {pot} 的结果</translation>
    </message>
    <message>
        <source>Result of the laboratory</source>
        <translation>实验室（病理科）结果</translation>
    </message>
    <message>
        <source>Results and follow-up</source>
        <translation>结果与随访</translation>
    </message>
    <message>
        <source>Results awaited</source>
        <translation>待回报结果</translation>
    </message>
    <message>
        <source>Retake</source>
        <translation>重拍</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, neither cut nor squeezed, or place four points by hand.</source>
        <translation>请将宫颈置于中央重拍两张，不裁剪也不挤压变形，或手动放置四个点。</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, or place four points by hand.</source>
        <translation>请将宫颈置于中央重拍两张，或手动放置四个点。</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle.</source>
        <translation>请将宫颈置于中央重拍两张。</translation>
    </message>
    <message>
        <source>Retake what was taken last</source>
        <translation>重拍最近一次拍摄的图像</translation>
    </message>
    <message>
        <source>Retake: {reason}</source>
        <translation>重拍：{reason}</translation>
    </message>
    <message>
        <source>Reveal the AI answer</source>
        <translation>显示 AI 结果</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>阅片</translation>
    </message>
    <message>
        <source>Reviewed and confirmed by me</source>
        <translation>由本人复核并确认</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Roll back to the model before</source>
        <translation>回退到上一个模型</translation>
    </message>
    <message>
        <source>Rolled, peeling edges; internal demarcations (central high-grade, peripheral low-grade area)</source>
        <translation>边缘卷曲、剥脱；内部有分界（中央为高级别区、周边为低级别区）</translation>
    </message>
    <message>
        <source>Rolling back</source>
        <translation>正在回退</translation>
    </message>
    <message>
        <source>Roughly {low:,} to {high:,} min.</source>
        <translation>大约 {low:,} 至 {high:,} 分钟。</translation>
    </message>
    <message>
        <source>Roughly {minutes:,} min.</source>
        <translation>大约 {minutes:,} 分钟。</translation>
    </message>
    <message>
        <source>Running jobs</source>
        <translation>正在运行的作业</translation>
    </message>
    <message>
        <source>SCJ</source>
        <translation>SCJ</translation>
    </message>
    <message>
        <source>SCJ line</source>
        <translation>SCJ 线</translation>
    </message>
    <message>
        <source>SCJ line tool</source>
        <translation>SCJ 线工具</translation>
    </message>
    <message>
        <source>SCJ: drag along it, or click points (Enter ends)</source>
        <translation>SCJ：沿其拖动，或依次点击各点（Enter 结束）</translation>
    </message>
    <message>
        <source>SHA-256 of its weights: {sum}</source>
        <translation>其权重的 SHA-256：{sum}</translation>
    </message>
    <message>
        <source>SHA-256 of the content</source>
        <translation>内容的 SHA-256</translation>
    </message>
    <message>
        <source>SHA-256 of the dark frame</source>
        <translation>暗帧的 SHA-256</translation>
    </message>
    <message>
        <source>SHA-256 of the map</source>
        <translation>醋白变化图的 SHA-256</translation>
    </message>
    <message>
        <source>SHA-256 of the model</source>
        <translation>模型的 SHA-256</translation>
    </message>
    <message>
        <source>SHA-256 of the pixels</source>
        <translation>像素的 SHA-256</translation>
    </message>
    <message>
        <source>SHA-256 of the report</source>
        <translation>报告的 SHA-256</translation>
    </message>
    <message>
        <source>Said</source>
        <comment>how sure</comment>
        <translation>已注明</translation>
    </message>
    <message>
        <source>Said beside a grade</source>
        <translation>分级附带说明</translation>
    </message>
    <message>
        <source>Said with it</source>
        <translation>附带说明</translation>
    </message>
    <message>
        <source>Saline</source>
        <translation>生理盐水</translation>
    </message>
    <message>
        <source>Same grade</source>
        <translation>级别相同</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save PDF...</source>
        <translation>保存 PDF...</translation>
    </message>
    <message>
        <source>Save as CSV...</source>
        <translation>另存为 CSV...</translation>
    </message>
    <message>
        <source>Save as PDF...</source>
        <translation>另存为 PDF...</translation>
    </message>
    <message>
        <source>Save changes</source>
        <translation>保存更改</translation>
    </message>
    <message>
        <source>Save report signed {day}...</source>
        <translation>保存 {day} 签署的报告...</translation>
    </message>
    <message>
        <source>Save the labels</source>
        <translation>保存标签</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>保存方案</translation>
    </message>
    <message>
        <source>Save the recovery key</source>
        <translation>保存恢复密钥</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Save the report as PDF ...</source>
        <translation>将报告另存为 PDF...</translation>
    </message>
    <message>
        <source>Save the report as it was signed</source>
        <translation>保存签署时的报告</translation>
    </message>
    <message>
        <source>Save the report of the import</source>
        <translation>保存导入报告</translation>
    </message>
    <message>
        <source>Save what is shown</source>
        <translation>保存所显示的内容</translation>
    </message>
    <message>
        <source>Save...</source>
        <translation>保存...</translation>
    </message>
    <message>
        <source>Saved as {name} in the folder {folder}</source>
        <translation>已保存为 {name}，位于文件夹 {folder}</translation>
    </message>
    <message>
        <source>Saved as {path}. Nobody has got it: pass it on yourself.</source>
        <translation>已保存为 {path}。还没有人收到它：请您自己转交。</translation>
    </message>
    <message>
        <source>Saved as {where}. It names files and identifiers: keep it safe.</source>
        <translation>已保存为 {where}。其中列有文件名和编号：请妥善保管。</translation>
    </message>
    <message>
        <source>Saving the labels</source>
        <translation>正在保存标签</translation>
    </message>
    <message>
        <source>Saving the labels ...</source>
        <translation>正在保存标签...</translation>
    </message>
    <message>
        <source>Saving the report</source>
        <translation>正在保存报告</translation>
    </message>
    <message>
        <source>Saving the report ...</source>
        <translation>正在保存报告...</translation>
    </message>
    <message>
        <source>Saving the report as it was signed</source>
        <translation>正在保存签署时的报告</translation>
    </message>
    <message>
        <source>Saving {file} ...</source>
        <translation>正在保存 {file}...</translation>
    </message>
    <message>
        <source>Say first whose examination it is: choose it beside the live picture.</source>
        <translation>请先说明检查的是谁：在实时图像旁选择。</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>比例尺</translation>
    </message>
    <message>
        <source>Scored</source>
        <translation>评分记录</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search by name, ID, date, hour, impression or finding; Escape shows all visits.</source>
        <translation>按姓名、ID、日期、时刻、印象或所见搜索；Esc 显示所有就诊。</translation>
    </message>
    <message>
        <source>Search name, ID or date</source>
        <translation>搜索姓名、ID 或日期</translation>
    </message>
    <message>
        <source>Search name, ID or pot</source>
        <translation>搜索姓名、ID 或标本瓶</translation>
    </message>
    <message>
        <source>Search name, ID, date, hour or impression; empty: all visits</source>
        <translation>搜索姓名、ID、日期、时刻或印象；留空：所有就诊</translation>
    </message>
    <message>
        <source>Search name, ID, date, impression, finding</source>
        <translation>搜索姓名、ID、日期、印象、所见</translation>
    </message>
    <message>
        <source>Search the list</source>
        <translation>搜索列表</translation>
    </message>
    <message>
        <source>Search to whom</source>
        <translation>搜索移至哪位患者</translation>
    </message>
    <message>
        <source>Search visits</source>
        <translation>搜索就诊</translation>
    </message>
    <message>
        <source>Second camera (fluorescence)</source>
        <translation>第二台相机（荧光）</translation>
    </message>
    <message>
        <source>Second read</source>
        <translation>第二次阅片</translation>
    </message>
    <message>
        <source>Second read, after the AI: {grade} ({who})</source>
        <translation>第二次阅片，AI 之后：{grade}（{who}）</translation>
    </message>
    <message>
        <source>Second read: {grade}, {how}, {when}</source>
        <translation>第二次阅片：{grade}，{how}，{when}</translation>
    </message>
    <message>
        <source>Second screen for patient or student</source>
        <translation>供患者或学员观看的第二屏幕</translation>
    </message>
    <message>
        <source>Second screen: with pins and lines</source>
        <translation>第二屏幕：含活检标记和线</translation>
    </message>
    <message>
        <source>Second screen: with the model attention</source>
        <translation>第二屏幕：含模型关注区</translation>
    </message>
    <message>
        <source>Second screen: with the name</source>
        <translation>第二屏幕：含姓名</translation>
    </message>
    <message>
        <source>Seconds after acetic acid</source>
        <translation>醋酸后秒数</translation>
    </message>
    <message>
        <source>Seconds after acid</source>
        <translation>醋酸后秒数</translation>
    </message>
    <message>
        <source>Seconds differ: {first:.0f} s and {second:.0f} s after acetic acid</source>
        <translation>秒数不同：醋酸后 {first:.0f} 秒与 {second:.0f} 秒</translation>
    </message>
    <message>
        <source>Seconds since acetic acid</source>
        <translation>醋酸后秒数</translation>
    </message>
    <message>
        <source>Seconds since acetic acid of {name}</source>
        <translation>{name} 的醋酸后秒数</translation>
    </message>
    <message>
        <source>Sections of reports</source>
        <translation>报告的各部分</translation>
    </message>
    <message>
        <source>Seen</source>
        <comment>of a lesion</comment>
        <translation>可见性</translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation>已发送到打印机。</translation>
    </message>
    <message>
        <source>Sep</source>
        <translation>9月</translation>
    </message>
    <message>
        <source>September</source>
        <translation>九月</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>设定</translation>
    </message>
    <message>
        <source>Set a corner at the cursor, or a dab of the brush</source>
        <translation>在光标处设一个顶点，或画一笔</translation>
    </message>
    <message>
        <source>Set my impression to {grade}</source>
        <translation>将我的印象设为{grade}</translation>
    </message>
    <message>
        <source>Set the exposure to 1/50 or 1/60 s, as the lamp flickers, or use the colposcope's own light, then retake.</source>
        <translation>因灯光闪烁，请将曝光设为 1/50 或 1/60 s，或使用阴道镜自带光源，然后重拍。</translation>
    </message>
    <message>
        <source>Sets that hold the label</source>
        <translation>包含标注的预测集</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Share of evidence</source>
        <translation>证据占比</translation>
    </message>
    <message>
        <source>Share of the evidence: {shares}.</source>
        <translation>证据占比：{shares}。</translation>
    </message>
    <message>
        <source>Shares have their 95 % interval in brackets; of fewer than {few} visits only counts are shown.</source>
        <translation>比例的 95% 区间见括号；少于 {few} 次就诊时仅显示计数。</translation>
    </message>
    <message>
        <source>Sharp and even, difference in level (incl. cuffing)</source>
        <translation>清晰且平整，有高低差（包括袖口征）</translation>
    </message>
    <message>
        <source>Sharp but irregular, jagged, geographical, satellites</source>
        <translation>清晰但不规则，锯齿状，地图样，有卫星灶</translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has pictures after Lugol's iodine. Is it hers?</source>
        <translation>该患者不能使用碘，而本次就诊有使用卢戈碘液后的图像。是该患者的吗？</translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has the answer "no allergy". Is it hers?</source>
        <translation>该患者不能使用碘，而本次就诊的回答是“无过敏”。是该患者的吗？</translation>
    </message>
    <message>
        <source>She has no other visit and goes off the record with it.</source>
        <translation>该患者没有其他就诊，将随之从记录中移除。</translation>
    </message>
    <message>
        <source>She may have moved: take the pair again if there is time.</source>
        <translation>患者可能移动过：如有时间，请重新拍摄配对图像。</translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <comment>key</comment>
        <translation>Shift+Enter</translation>
    </message>
    <message>
        <source>Shift+arrows</source>
        <translation>Shift+方向键</translation>
    </message>
    <message>
        <source>Shortcut</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Shorten the exposure, then retake.</source>
        <translation>缩短曝光，然后重拍。</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Show model attention</source>
        <translation>显示模型关注区</translation>
    </message>
    <message>
        <source>Show or hide contours and SCJ line</source>
        <translation>显示或隐藏轮廓和 SCJ 线</translation>
    </message>
    <message>
        <source>Show or hide the cervix</source>
        <translation>显示或隐藏宫颈</translation>
    </message>
    <message>
        <source>Show or hide the model attention</source>
        <translation>显示或隐藏模型关注区</translation>
    </message>
    <message>
        <source>Show or hide the pictures and visits below the stage (F8)</source>
        <translation>显示或隐藏图像区下方的图像和就诊（F8）</translation>
    </message>
    <message>
        <source>Show or hide the pictures of the visit</source>
        <translation>显示或隐藏本次就诊的图像</translation>
    </message>
    <message>
        <source>Show pictures ({count})</source>
        <translation>显示图像（{count}）</translation>
    </message>
    <message>
        <source>Show the audit trail</source>
        <translation>显示审计追踪</translation>
    </message>
    <message>
        <source>Show the whole message</source>
        <translation>显示完整消息</translation>
    </message>
    <message>
        <source>Show visits</source>
        <translation>显示就诊</translation>
    </message>
    <message>
        <source>Show visits: {which}</source>
        <translation>显示就诊：{which}</translation>
    </message>
    <message>
        <source>Show {tab}</source>
        <translation>显示{tab}</translation>
    </message>
    <message>
        <source>Show: {list}</source>
        <translation>显示：{list}</translation>
    </message>
    <message>
        <source>Shown on request, after the own grade</source>
        <translation>自己分级之后，按要求显示</translation>
    </message>
    <message>
        <source>Shown on request, also before the grade, in tasks made so</source>
        <translation>按要求显示，在如此设定的任务中，分级之前也可显示</translation>
    </message>
    <message>
        <source>Shows {shows}.</source>
        <translation>显示{shows}。</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>并排</translation>
    </message>
    <message>
        <source>Side by side, blend, swipe, flicker and checkerboard are on the keys {review.side_by_side}, {review.blend}, {review.swipe}, {review.flicker} and {review.checkerboard}; the wheel zooms both. The chip says how well the pictures lie on each other.</source>
        <translation>并排、混合、划动对比、闪烁和棋盘格的按键为 {review.side_by_side}、{review.blend}、{review.swipe}、{review.flicker} 和 {review.checkerboard}；滚轮同时缩放两张。状态标识说明图像彼此重合的程度。</translation>
    </message>
    <message>
        <source>Side of a square</source>
        <translation>方格边长</translation>
    </message>
    <message>
        <source>Sides</source>
        <translation>并排</translation>
    </message>
    <message>
        <source>Sign</source>
        <translation>签署</translation>
    </message>
    <message>
        <source>Sign and promote</source>
        <translation>签名并启用</translation>
    </message>
    <message>
        <source>Sign as {name} ({meaning})?</source>
        <translation>以 {name} 的名义签署（{meaning}）？</translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Sign in with the recovery key</source>
        <translation>用恢复密钥登录</translation>
    </message>
    <message>
        <source>Sign now</source>
        <translation>立即签署</translation>
    </message>
    <message>
        <source>Sign out once more</source>
        <translation>再次退出登录</translation>
    </message>
    <message>
        <source>Sign out without it</source>
        <translation>不保留，退出登录</translation>
    </message>
    <message>
        <source>Sign this visit?</source>
        <translation>签署本次就诊？</translation>
    </message>
    <message>
        <source>Sign-in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Sign-ins, accounts, refusals</source>
        <translation>登录、账户、拒绝</translation>
    </message>
    <message>
        <source>Signature</source>
        <translation>签名</translation>
    </message>
    <message>
        <source>Signed</source>
        <translation>已签署</translation>
    </message>
    <message>
        <source>Signed at</source>
        <translation>签署时间</translation>
    </message>
    <message>
        <source>Signed by</source>
        <translation>签署人</translation>
    </message>
    <message>
        <source>Signed by {name} at {when}: {meaning}</source>
        <translation>由 {name} 于 {when} 签署：{meaning}</translation>
    </message>
    <message>
        <source>Signed by {name}, {moment}: locked, unless the report is amended.</source>
        <translation>由 {name} 签署，{moment}：已锁定，除非修订报告。</translation>
    </message>
    <message>
        <source>Signed by {name}: locked, unless the report is amended (Report).</source>
        <translation>由 {name} 签署：已锁定，除非修订报告（“报告”）。</translation>
    </message>
    <message>
        <source>Signed by {name}: nothing can be added any more.</source>
        <translation>由 {name} 签署：不能再添加任何内容。</translation>
    </message>
    <message>
        <source>Signed impressions are labels too</source>
        <translation>已签署的印象也作为标注</translation>
    </message>
    <message>
        <source>Signed in: {who}</source>
        <translation>已登录：{who}</translation>
    </message>
    <message>
        <source>Signing</source>
        <translation>正在签名</translation>
    </message>
    <message>
        <source>Signing in</source>
        <translation>正在登录</translation>
    </message>
    <message>
        <source>Signs (IFCPC 2011)</source>
        <translation>征象（IFCPC 2011）</translation>
    </message>
    <message>
        <source>Simulated</source>
        <translation>模拟</translation>
    </message>
    <message>
        <source>Simulated device: a phantom (demo library only)</source>
        <translation>模拟设备：模拟体模（仅限演示病例库）</translation>
    </message>
    <message>
        <source>Simulated device: a phantom, no woman</source>
        <translation>模拟设备：模拟体模，不是患者</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Skip the tour</source>
        <translation>跳过导览</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>缩小画笔</translation>
    </message>
    <message>
        <source>Smoking</source>
        <translation>吸烟</translation>
    </message>
    <message>
        <source>So far {scale:.4g} mm a pixel, {width:.1f} mm wide.</source>
        <translation>目前每像素 {scale:.4g} mm，宽 {width:.1f} mm。</translation>
    </message>
    <message>
        <source>Somebody else...</source>
        <translation>其他人...</translation>
    </message>
    <message>
        <source>Something is being undone; the next step can be undone when that has ended.</source>
        <translation>正在撤销；结束后可撤销下一步。</translation>
    </message>
    <message>
        <source>Something is under way</source>
        <translation>有操作正在进行</translation>
    </message>
    <message>
        <source>Something unexpected happened ({kind}). Everything you entered until then is saved. You can go on; if it happens again, restart the program. Details: {file}</source>
        <translation>发生意外情况（{kind}）。此前录入的内容均已保存。可以继续；如再次发生，请重新启动程序。详情：{file}</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>光源</translation>
    </message>
    <message>
        <source>Space</source>
        <comment>key</comment>
        <translation>空格</translation>
    </message>
    <message>
        <source>Space ticks a visit.</source>
        <translation>空格勾选就诊。</translation>
    </message>
    <message>
        <source>Space: the other</source>
        <translation>空格：另一张</translation>
    </message>
    <message>
        <source>Specimen</source>
        <translation>标本</translation>
    </message>
    <message>
        <source>Specimen (internal number)</source>
        <translation>标本（内部编号）</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Stage</source>
        <comment>where the pictures are shown</comment>
        <translation>图像区</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Stage and time differ</source>
        <translation>阶段和时间不同</translation>
    </message>
    <message numerus="yes">
        <source>Stage of %n picture(s)</source>
        <translation>
            <numerusform>%n 张图像的阶段</numerusform>
        </translation>
    </message>
    <message>
        <source>Stage of the frame</source>
        <translation>该帧的阶段</translation>
    </message>
    <message>
        <source>Stage of {name}</source>
        <translation>{name} 的阶段</translation>
    </message>
    <message>
        <source>Stage tools</source>
        <translation>图像区工具</translation>
    </message>
    <message>
        <source>Stage: the pair of pictures</source>
        <translation>图像区：配对图像</translation>
    </message>
    <message>
        <source>Stages differ: one picture was taken before acetic acid, the other after</source>
        <translation>阶段不同：一张图像拍摄于醋酸之前，另一张拍摄于醋酸之后</translation>
    </message>
    <message>
        <source>Stages differ: {now} and {earlier}</source>
        <translation>阶段不同：{now}与{earlier}</translation>
    </message>
    <message>
        <source>Start from</source>
        <translation>起始模型</translation>
    </message>
    <message>
        <source>Start from the map</source>
        <translation>从现有配准开始</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>留在此处</translation>
    </message>
    <message>
        <source>Stays hidden from who reads</source>
        <translation>对阅片者保持隐藏</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>Step {number}</source>
        <translation>步骤 {number}</translation>
    </message>
    <message>
        <source>Steps passed over</source>
        <translation>略过的步骤</translation>
    </message>
    <message>
        <source>Still missing: {grades}.</source>
        <translation>仍缺少：{grades}。</translation>
    </message>
    <message>
        <source>Still open for reading only, but the disk has free space again.</source>
        <translation>仍仅以只读方式打开，但磁盘已有可用空间。</translation>
    </message>
    <message>
        <source>Still open for reading only, but the folder can be written again.</source>
        <translation>仍仅以只读方式打开，但文件夹已可写入。</translation>
    </message>
    <message>
        <source>Still open for reading only, but the program that had the library has closed it or has ended.</source>
        <translation>仍仅以只读方式打开，但占用病例库的程序已将其关闭或已结束。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop aligning</source>
        <translation>停止对齐</translation>
    </message>
    <message>
        <source>Stop, and keep the best so far</source>
        <translation>停止，并保留目前最佳结果</translation>
    </message>
    <message>
        <source>Stop: nothing is learned yet</source>
        <translation>停止：尚无训练结果</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>Stopped. No task was made.</source>
        <translation>已停止。未创建任务。</translation>
    </message>
    <message>
        <source>Stopped. No video was written.</source>
        <translation>已停止。未写入视频。</translation>
    </message>
    <message>
        <source>Stopped. Nothing was brought in.</source>
        <translation>已停止。未导入任何内容。</translation>
    </message>
    <message>
        <source>Stopped. Nothing was written.</source>
        <translation>已停止。未写入任何内容。</translation>
    </message>
    <message>
        <source>Stopped. Pictures added until then are kept.</source>
        <translation>已停止。此前添加的图像已保留。</translation>
    </message>
    <message>
        <source>Stopped. The library and the backups before are unchanged.</source>
        <translation>已停止。病例库和此前的备份未改变。</translation>
    </message>
    <message>
        <source>Stopped. The program and the library are as they were.</source>
        <translation>已停止。程序和病例库保持原样。</translation>
    </message>
    <message>
        <source>Stopped. What was finished is in the library; Import goes on with the rest.</source>
        <translation>已停止。已完成的内容在病例库中；“导入”可继续其余部分。</translation>
    </message>
    <message>
        <source>Stopped: nothing was undone.</source>
        <translation>已停止：未撤销任何内容。</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation>正在停止...</translation>
    </message>
    <message>
        <source>Stopping...</source>
        <translation>正在停止...</translation>
    </message>
    <message>
        <source>Stopping: what is under way is finished first</source>
        <translation>正在停止：先完成进行中的操作</translation>
    </message>
    <message>
        <source>Strander 2005 and Bowring 2010</source>
        <translation>Strander 2005 和 Bowring 2010</translation>
    </message>
    <message>
        <source>Suggest</source>
        <translation>建议</translation>
    </message>
    <message>
        <source>Suggest normal tissue near the place: look whether it is</source>
        <translation>建议该处附近的正常组织：请查看是否正常</translation>
    </message>
    <message>
        <source>Suspicious for invasion</source>
        <translation>可疑浸润</translation>
    </message>
    <message>
        <source>Swap the two.</source>
        <translation>请将两者对调。</translation>
    </message>
    <message>
        <source>Swede score</source>
        <translation>Swede 评分</translation>
    </message>
    <message>
        <source>Swede score ({left} of {items} items)</source>
        <translation>Swede 评分（{items} 项中 {left} 项未评）</translation>
    </message>
    <message>
        <source>Swede score of {lesion}: {status}</source>
        <translation>{lesion}的 Swede 评分：{status}</translation>
    </message>
    <message>
        <source>Swede score: {status}</source>
        <translation>Swede 评分：{status}</translation>
    </message>
    <message>
        <source>Swede, lesion size: {size}</source>
        <translation>Swede，病变大小：{size}</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>划动对比</translation>
    </message>
    <message>
        <source>Switched by clinicians only.</source>
        <translation>仅可由临床医师切换。</translation>
    </message>
    <message>
        <source>Switched on</source>
        <translation>已启用</translation>
    </message>
    <message>
        <source>THE CAMERA SENDS THE SAME PICTURE AGAIN AND AGAIN: unplug it and plug it in</source>
        <translation>相机反复发送同一张图像：请拔下后重新插上</translation>
    </message>
    <message>
        <source>Take a box away</source>
        <translation>移除一个框</translation>
    </message>
    <message>
        <source>Take a dark frame for fluorescence</source>
        <translation>拍摄荧光暗帧</translation>
    </message>
    <message>
        <source>Take a pair</source>
        <translation>拍摄配对图像</translation>
    </message>
    <message>
        <source>Take a white-light picture</source>
        <translation>拍摄白光图像</translation>
    </message>
    <message>
        <source>Take all t&amp;he same</source>
        <translation>仍然导入(&amp;H)</translation>
    </message>
    <message>
        <source>Take back what was done last</source>
        <translation>撤回上一步操作</translation>
    </message>
    <message>
        <source>Take from the drawing</source>
        <translation>从绘图取值</translation>
    </message>
    <message>
        <source>Take into this visit</source>
        <translation>归入本次就诊</translation>
    </message>
    <message>
        <source>Take off the record</source>
        <translation>从记录中移除</translation>
    </message>
    <message>
        <source>Take pair</source>
        <translation>拍摄配对</translation>
    </message>
    <message>
        <source>Take picture</source>
        <translation>拍摄图像</translation>
    </message>
    <message>
        <source>Take the impression away; it can be undone</source>
        <translation>清除印象；可以撤销</translation>
    </message>
    <message>
        <source>Take the last corner back</source>
        <translation>撤回最后一个顶点</translation>
    </message>
    <message>
        <source>Take the last corner or lesion away</source>
        <translation>移除最后一个顶点或病变</translation>
    </message>
    <message>
        <source>Take the last point away</source>
        <translation>移除最后一个点</translation>
    </message>
    <message>
        <source>Take the swab or instrument out of the view, then retake.</source>
        <translation>请将棉签或器械移出视野，然后重拍。</translation>
    </message>
    <message>
        <source>Take the tour (3 minutes)</source>
        <translation>开始导览（3 分钟）</translation>
    </message>
    <message>
        <source>Take this patient off the record? She has no visit.</source>
        <translation>将此患者从记录中移除？该患者没有就诊。</translation>
    </message>
    <message>
        <source>Take this visit off the record?</source>
        <translation>将本次就诊从记录中移除？</translation>
    </message>
    <message>
        <source>Take what comes next</source>
        <translation>拍摄下一项</translation>
    </message>
    <message>
        <source>Taken</source>
        <translation>拍摄时间</translation>
    </message>
    <message>
        <source>Taken at</source>
        <translation>拍摄时间</translation>
    </message>
    <message>
        <source>Taken last</source>
        <translation>最近拍摄</translation>
    </message>
    <message>
        <source>Taken on {day} ({reason}); this visit is of {own_day}.</source>
        <translation>拍摄于 {day}（{reason}）；本次就诊日期为 {own_day}。</translation>
    </message>
    <message>
        <source>Taken with</source>
        <translation>取材器械</translation>
    </message>
    <message>
        <source>Takes the last point away (Backspace, Ctrl+Z)</source>
        <translation>移除最后一个点（Backspace、Ctrl+Z）</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Task closed: {name}. {few}; opened again, it waits for them.</source>
        <translation>任务已关闭：{name}。{few}；重新打开后，任务会等待其完成。</translation>
    </message>
    <message>
        <source>Task made: {task}.</source>
        <translation>任务已创建：{task}。</translation>
    </message>
    <message>
        <source>Task opened again: {name}.</source>
        <translation>任务已重新打开：{name}。</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Template of reports</source>
        <translation>报告模板</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>文本 (*.txt)</translation>
    </message>
    <message>
        <source>Text fields and lists</source>
        <translation>文本框和列表</translation>
    </message>
    <message numerus="yes">
        <source>That %n examination(s) began</source>
        <translation>
            <numerusform>%n 次检查的开始</numerusform>
        </translation>
    </message>
    <message>
        <source>That it was asked goes on record</source>
        <translation>此次询问会被记录</translation>
    </message>
    <message>
        <source>That nothing is drawn does not mean that nothing is there.</source>
        <translation>没有绘制任何内容，并不表示没有异常。</translation>
    </message>
    <message>
        <source>That you ask goes on record.</source>
        <translation>此次询问会被记录。</translation>
    </message>
    <message>
        <source>The AI answer (investigational)</source>
        <translation>AI 结果（仅供研究）</translation>
    </message>
    <message>
        <source>The AI answer is investigational, not for diagnosis.</source>
        <translation>AI 结果仅供研究，不用于诊断。</translation>
    </message>
    <message>
        <source>The AI answer may be shown before the grade is given</source>
        <translation>AI 结果可在给出级别之前显示</translation>
    </message>
    <message>
        <source>The AI answer was not revealed in this visit, so it does not stand here.</source>
        <translation>本次就诊未显示 AI 结果，因此此处没有该结果。</translation>
    </message>
    <message>
        <source>The AI answer was revealed in this visit, but it is not available now and not in this report.</source>
        <translation>本次就诊曾显示 AI 结果，但现在无法获取，也不在本报告中。</translation>
    </message>
    <message>
        <source>The AI answer was shown without a first read.</source>
        <translation>AI 结果是在没有首次阅片的情况下显示的。</translation>
    </message>
    <message>
        <source>The AI was revealed on other pictures of this visit: a second read may be about those.</source>
        <translation>AI 曾针对本次就诊的其他图像显示结果：第二次阅片可能是针对那些图像的。</translation>
    </message>
    <message>
        <source>The AI was revealed without a first read.</source>
        <translation>AI 结果是在没有首次阅片的情况下显示的。</translation>
    </message>
    <message>
        <source>The Lugol's iodine picture shows only a part of this view.</source>
        <translation>卢戈碘液图像只显示此视野的一部分。</translation>
    </message>
    <message>
        <source>The audit trail of this library records each time this is switched on or off, and by whom. What was switched elsewhere is recorded when the library is opened.</source>
        <translation>本病例库的审计追踪会记录每次开启或关闭以及操作者。在其他地方所作的更改，会在打开病例库时补记。</translation>
    </message>
    <message>
        <source>The brightness in the middle of the window; a lower level is brighter</source>
        <translation>窗口中央的亮度；窗位越低图像越亮</translation>
    </message>
    <message>
        <source>The camera changed its resolution between the two pictures.</source>
        <translation>相机在两张图像之间改变了分辨率。</translation>
    </message>
    <message>
        <source>The camera did not take its {names} again: set it anew.</source>
        <translation>相机未能恢复其{names}：请重新设置。</translation>
    </message>
    <message>
        <source>The camera does not answer, however often it is opened. Unplug it, wait some seconds and plug it in again; if that does not help, restart this program.</source>
        <translation>多次打开相机，均无响应。请拔下，等待几秒后重新插上；如仍无效，请重新启动本程序。</translation>
    </message>
    <message>
        <source>The camera gave one picture twice: look at lamp and filter, then take the pair again.</source>
        <translation>相机两次给出同一张图像：请检查光源灯和滤光片，然后重新拍摄配对图像。</translation>
    </message>
    <message>
        <source>The camera gives no pictures since {silent:.0f} s.</source>
        <translation>相机已有 {silent:.0f} 秒没有图像。</translation>
    </message>
    <message>
        <source>The camera gives no pictures.</source>
        <translation>相机没有图像。</translation>
    </message>
    <message>
        <source>The camera gives pictures.</source>
        <translation>相机有图像。</translation>
    </message>
    <message>
        <source>The camera is being opened.</source>
        <translation>正在打开相机。</translation>
    </message>
    <message>
        <source>The camera is off.</source>
        <translation>相机已关闭。</translation>
    </message>
    <message>
        <source>The card of a model is in English.</source>
        <translation>模型卡为英文。</translation>
    </message>
    <message>
        <source>The card of this model cannot be shown.</source>
        <translation>无法显示此模型的模型卡。</translation>
    </message>
    <message>
        <source>The catalogue of {language} is missing or damaged, so English is spoken. Install the program again.</source>
        <translation>{language} 的语言文件缺失或损坏，因此显示英文。请重新安装程序。</translation>
    </message>
    <message>
        <source>The cervix is drawn already. To draw it anew, press C and draw around it in one stroke.</source>
        <translation>宫颈已绘制。如需重新绘制，请按 C，然后一笔沿宫颈画一圈。</translation>
    </message>
    <message>
        <source>The cervix was not drawn on these pictures. To draw it, press C and draw around it in one stroke.</source>
        <translation>这些图像上未绘制宫颈。如需绘制，请按 C，然后一笔沿宫颈画一圈。</translation>
    </message>
    <message>
        <source>The cervix was not found in one piece. To draw it, press C and draw around it in one stroke.</source>
        <translation>检出的宫颈不是一个整体。如需绘制，请按 C，然后一笔沿宫颈画一圈。</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>检查已停止。</translation>
    </message>
    <message>
        <source>The check was stopped; nothing is known of the trail.</source>
        <translation>检查已停止；审计追踪的情况未知。</translation>
    </message>
    <message>
        <source>The clinician's grade: normal, low, high, cancer</source>
        <translation>临床医师的级别：正常、低级别、高级别、癌</translation>
    </message>
    <message>
        <source>The clock is running. Press again within 3 seconds to start it anew.</source>
        <translation>计时正在进行。请在 3 秒内再按一次以重新开始计时。</translation>
    </message>
    <message>
        <source>The clock of acetic acid runs. It is not on record yet, and is tried again.</source>
        <translation>醋酸计时正在进行。尚未记录，将再次尝试。</translation>
    </message>
    <message>
        <source>The clock of this computer was set back by {seconds:.0f} s.</source>
        <translation>本计算机的时钟被调慢了 {seconds:.0f} 秒。</translation>
    </message>
    <message>
        <source>The clock of this computer was set forward by {seconds:.0f} s.</source>
        <translation>本计算机的时钟被调快了 {seconds:.0f} 秒。</translation>
    </message>
    <message>
        <source>The colours are unlike the fluorescence this model knows: check filter and white balance.</source>
        <translation>颜色与此模型所知的荧光不同：请检查滤光片和白平衡。</translation>
    </message>
    <message>
        <source>The correction holds for all her visits.</source>
        <translation>此更正适用于该患者的所有就诊。</translation>
    </message>
    <message>
        <source>The demo library is not complete. What is drawn already is kept and used next time.</source>
        <translation>演示病例库不完整。已绘制的内容会保留，下次使用。</translation>
    </message>
    <message>
        <source>The device is another one now: calibrate its own scale.</source>
        <translation>设备已更换：请校准其自身的比例尺。</translation>
    </message>
    <message>
        <source>The earlier picture is being laid anew</source>
        <translation>正在重新叠加既往图像</translation>
    </message>
    <message>
        <source>The earlier picture is being laid on this visit's.</source>
        <translation>正在将既往图像叠加到本次就诊的图像上。</translation>
    </message>
    <message>
        <source>The earlier picture is laid over the live one, and there is none at present.</source>
        <translation>既往图像叠加在实时图像上，而目前没有实时图像。</translation>
    </message>
    <message>
        <source>The earlier visit is no longer on record as one of this woman's: it is not shown any more.</source>
        <translation>该既往就诊在记录中已不属于此患者：不再显示。</translation>
    </message>
    <message>
        <source>The engine is not done yet.</source>
        <translation>分析引擎尚未完成。</translation>
    </message>
    <message>
        <source>The engine is reading the pair ...</source>
        <translation>分析引擎正在读取配对图像...</translation>
    </message>
    <message>
        <source>The error is not known: spread the spots, the others lie on one line.</source>
        <translation>误差未知：请将标记点分散，其他点位于一条直线上。</translation>
    </message>
    <message>
        <source>The examination</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>The examination goes on. That it began is not on record yet, and is tried again.</source>
        <translation>检查继续进行。检查的开始尚未记录，将再次尝试。</translation>
    </message>
    <message>
        <source>The examiner of the visit is recorded as {reader}.</source>
        <translation>本次就诊的检查者记录为 {reader}。</translation>
    </message>
    <message>
        <source>The examiner on record is another person: {name}.</source>
        <translation>记录中的检查者是另一人：{name}。</translation>
    </message>
    <message>
        <source>The export was cancelled. What was written until then was removed. Once the first file was written, it is on record that the export was begun and cancelled.</source>
        <translation>导出已取消。此前写入的内容已移除。如已写入首个文件，则导出的开始和取消均已记录。</translation>
    </message>
    <message>
        <source>The export was stopped. No file was written.</source>
        <translation>导出已停止。未写入任何文件。</translation>
    </message>
    <message>
        <source>The fifth reason</source>
        <translation>第五个原因</translation>
    </message>
    <message>
        <source>The file's name says {name}.</source>
        <translation>文件名显示为 {name}。</translation>
    </message>
    <message>
        <source>The file's own record says {name}, born {day}.</source>
        <translation>文件自身的记录显示为 {name}，出生于 {day}。</translation>
    </message>
    <message>
        <source>The file's own record says {name}.</source>
        <translation>文件自身的记录显示为 {name}。</translation>
    </message>
    <message>
        <source>The findings were entered by another person: {name}.</source>
        <translation>所见由另一人录入：{name}。</translation>
    </message>
    <message>
        <source>The first account is yours: clinician and administrator. There is no other way in but passwords and the recovery key, which is shown once after this. Without any of them the pictures are lost for good.</source>
        <translation>首个账户归你所有：临床医师兼管理员。除密码和恢复密钥外，没有其他进入方式；恢复密钥在此之后只显示一次。如果两者都没有，图像将永久丢失。</translation>
    </message>
    <message>
        <source>The first {shown} of {all:,}.</source>
        <translation>前 {shown} 条，共 {all:,} 条。</translation>
    </message>
    <message>
        <source>The first, all others are laid on it</source>
        <translation>第一张，其他各张均对齐到此张</translation>
    </message>
    <message>
        <source>The fluorescence picture is being laid anew</source>
        <translation>正在重新叠加荧光图像</translation>
    </message>
    <message>
        <source>The fluorescence picture shows only a part of this view.</source>
        <translation>荧光图像只显示此视野的一部分。</translation>
    </message>
    <message>
        <source>The folder {path} cannot be reached ({why}). Waiting for it.</source>
        <translation>无法访问文件夹 {path}（{why}）。正在等待。</translation>
    </message>
    <message>
        <source>The frame is in the visit.</source>
        <translation>该帧已加入就诊。</translation>
    </message>
    <message>
        <source>The green filter picture shows only a part of this view.</source>
        <translation>绿色滤镜图像只显示此视野的一部分。</translation>
    </message>
    <message numerus="yes">
        <source>The highest Swede score counts: %n lesion(s) to be scored.</source>
        <translation>
            <numerusform>以最高的 Swede 评分为准：还有 %n 个病变待评分。</numerusform>
        </translation>
    </message>
    <message>
        <source>The highest Swede score counts: {status}.</source>
        <translation>以最高的 Swede 评分为准：{status}。</translation>
    </message>
    <message>
        <source>The identity was corrected after this signature: see the top of the report.</source>
        <translation>身份信息在此签名之后有更正：见报告顶部。</translation>
    </message>
    <message>
        <source>The import is not done. Its plan is kept: Import pictures in Today shows it again.</source>
        <translation>导入尚未完成。其计划已保留：在“今日”中选择“导入图像”可再次显示。</translation>
    </message>
    <message>
        <source>The impression was changed after the last read that stands here, by a version of this program that did not record this as a second read. The impression is what was said last.</source>
        <translation>印象在此处最后一次阅片之后被更改，而当时的程序版本未将其记录为第二次阅片。印象以最后所述为准。</translation>
    </message>
    <message>
        <source>The installer itself is then run by who may install programs on this computer.</source>
        <translation>随后由有权在此计算机上安装程序的人运行安装程序。</translation>
    </message>
    <message>
        <source>The journal keeps the signing as {name}.</source>
        <translation>审计追踪将签署记录为 {name}。</translation>
    </message>
    <message>
        <source>The key is the one with this fingerprint: {fingerprint}.</source>
        <translation>密钥的指纹为：{fingerprint}。</translation>
    </message>
    <message>
        <source>The keys are those of the pages of a library: they can be shown once one is open.</source>
        <translation>按键属于病例库的各个页面：打开病例库后才能显示。</translation>
    </message>
    <message>
        <source>The letter of {day} does not count: a result was entered after it, on {entered}.</source>
        <translation>{day} 的告知信不计入：此后于 {entered} 又录入了结果。</translation>
    </message>
    <message>
        <source>The library is backed up first, into {folder}.</source>
        <translation>首先将病例库备份到 {folder}。</translation>
    </message>
    <message>
        <source>The library is not open</source>
        <translation>病例库未打开</translation>
    </message>
    <message>
        <source>The library was not opened. Nothing was changed.</source>
        <translation>病例库未打开。未做任何更改。</translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or milder has {together:.2f}.</source>
        <translation>可能性最大的单一级别是{likeliest}（{share:.2f}）。判定级别为{grade}，即中位数：{grade}或更轻合计为 {together:.2f}。</translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or worse has {together:.2f}.</source>
        <translation>可能性最大的单一级别是{likeliest}（{share:.2f}）。判定级别为{grade}，即中位数：{grade}或更重合计为 {together:.2f}。</translation>
    </message>
    <message>
        <source>The list is still the one from before.</source>
        <translation>列表仍是之前的列表。</translation>
    </message>
    <message>
        <source>The list of pseudonyms is kept in the library, encrypted with it. Nothing of it is in the export.</source>
        <translation>化名列表保存在病例库中，随病例库一起加密。导出内容中不含该列表。</translation>
    </message>
    <message>
        <source>The locked test has not been looked at yet. Each look is counted and on record.</source>
        <translation>锁定测试集尚未查看过。每次查看都会计数并记录。</translation>
    </message>
    <message numerus="yes">
        <source>The locked test was looked at %n time(s). Each look is counted and on record: whoever chooses among models by it wears it out.</source>
        <translation>
            <numerusform>锁定测试集已查看 %n 次。每次查看都会计数并记录：据此挑选模型会使测试集逐渐失效。</numerusform>
        </translation>
    </message>
    <message>
        <source>The manifest says {identifier} for pictures in {folders}: look that it is so.</source>
        <translation>清单将 {folders} 中的图像记为 {identifier}：请确认是否如此。</translation>
    </message>
    <message>
        <source>The map of whitening cannot be read: have the library checked in Settings.</source>
        <translation>无法读取醋白变化图：请在“设置”中检查病例库。</translation>
    </message>
    <message>
        <source>The model is asked ...</source>
        <translation>正在询问模型...</translation>
    </message>
    <message>
        <source>The model reads pairs of these sources, and refuses others</source>
        <translation>模型读取这些光源的配对图像，拒绝其他光源</translation>
    </message>
    <message>
        <source>The moment of this mark has passed: its picture stays. W takes another one.</source>
        <translation>此标记的时刻已过：其图像保留。按 W 可再拍一张。</translation>
    </message>
    <message>
        <source>The name, written beside your reads and signatures.</source>
        <translation>此姓名显示在你的阅片和签名旁。</translation>
    </message>
    <message>
        <source>The network follows a preprint (PConvFusionModel) that was not peer reviewed. The shipped model is a {model}: its figures on phantoms say nothing about its performance on women.</source>
        <translation>该网络依据一篇未经同行评审的预印本（PConvFusionModel）。随附的模型是{model}：其基于模拟体模的数据完全不能说明其在患者身上的性能。</translation>
    </message>
    <message>
        <source>The new folder {folder}</source>
        <translation>新文件夹 {folder}</translation>
    </message>
    <message>
        <source>The new password again</source>
        <translation>再次输入新密码</translation>
    </message>
    <message>
        <source>The new version brings a library from version {old} to {new} when it opens it, and keeps a copy of its database.</source>
        <translation>新版本打开病例库时会将其从版本 {old} 升级到 {new}，并保留其数据库的副本。</translation>
    </message>
    <message>
        <source>The next backup writes it anew</source>
        <translation>下次备份将重新写入</translation>
    </message>
    <message>
        <source>The next picture</source>
        <translation>下一张图像</translation>
    </message>
    <message>
        <source>The next picture (full stop)</source>
        <translation>下一张图像（句点键）</translation>
    </message>
    <message>
        <source>The os is marked already. To move it, press O and click where it is.</source>
        <translation>宫颈外口已标记。如需移动，请按 O，然后点击其所在位置。</translation>
    </message>
    <message>
        <source>The os is marked on one picture, the cervix drawn on the other, and the pair is not registered</source>
        <translation>宫颈外口标记在一张图像上，宫颈绘制在另一张图像上，且该配对未配准</translation>
    </message>
    <message>
        <source>The os is marked on the other picture, and the pair is not registered</source>
        <translation>宫颈外口标记在另一张图像上，且该配对未配准</translation>
    </message>
    <message>
        <source>The os is not marked</source>
        <translation>宫颈外口未标记</translation>
    </message>
    <message>
        <source>The os is still being looked for.</source>
        <translation>仍在查找宫颈外口。</translation>
    </message>
    <message>
        <source>The os lies outside the outline of the cervix</source>
        <translation>宫颈外口位于宫颈轮廓之外</translation>
    </message>
    <message>
        <source>The os was not looked for.</source>
        <translation>未查找宫颈外口。</translation>
    </message>
    <message>
        <source>The outline of the cervix is not drawn</source>
        <translation>宫颈轮廓未绘制</translation>
    </message>
    <message>
        <source>The pair as it was (Esc)</source>
        <translation>恢复原来的配对（Esc）</translation>
    </message>
    <message>
        <source>The pair before</source>
        <translation>上一组配对</translation>
    </message>
    <message>
        <source>The pair is being registered.</source>
        <translation>正在配准配对图像。</translation>
    </message>
    <message>
        <source>The pair was not registered again.</source>
        <translation>配对图像未重新配准。</translation>
    </message>
    <message>
        <source>The pair {problem}.</source>
        <translation>该配对{problem}。</translation>
    </message>
    <message>
        <source>The picture before</source>
        <translation>上一张图像</translation>
    </message>
    <message>
        <source>The picture before (comma)</source>
        <translation>上一张图像（逗号键）</translation>
    </message>
    <message>
        <source>The picture could not be taken; the error is in the log. Take it again.</source>
        <translation>无法拍摄图像；错误已写入日志。请重新拍摄。</translation>
    </message>
    <message>
        <source>The picture taken last is on its way to the library. Press again once it is there.</source>
        <translation>最近拍摄的图像正在存入病例库。存入后请再按一次。</translation>
    </message>
    <message>
        <source>The pictures after acetic acid, one after the other, each on the first (F9)</source>
        <translation>醋酸后的图像，依次播放，均对齐到第一张（F9）</translation>
    </message>
    <message>
        <source>The pictures again, for others</source>
        <translation>图像副屏，供他人观看</translation>
    </message>
    <message>
        <source>The pictures are being registered.</source>
        <translation>正在配准图像。</translation>
    </message>
    <message>
        <source>The pictures are not registered: {reason}. They are shown side by side, each in its own frame.</source>
        <translation>图像未配准：{reason}。两张图像并排显示，各按自身画面。</translation>
    </message>
    <message>
        <source>The pictures are still being looked for.</source>
        <translation>仍在查找图像。</translation>
    </message>
    <message>
        <source>The pictures are still loading.</source>
        <translation>仍在加载图像。</translation>
    </message>
    <message>
        <source>The pictures come first: wait until they are shown.</source>
        <translation>须先显示图像：请等待图像显示。</translation>
    </message>
    <message>
        <source>The pictures could not be loaded.</source>
        <translation>无法加载图像。</translation>
    </message>
    <message>
        <source>The pictures do not settle the grade; your own read decides.</source>
        <translation>图像不足以确定级别；以你自己的阅片为准。</translation>
    </message>
    <message>
        <source>The plan of this site does not count: {problem}. The default plan does, until one is saved.</source>
        <translation>本机构的检查方案无效：{problem}。在保存新检查方案之前使用默认检查方案。</translation>
    </message>
    <message>
        <source>The plan of this site is saved. It holds for examinations that begin from now on.</source>
        <translation>本机构的检查方案已保存。适用于此后开始的检查。</translation>
    </message>
    <message>
        <source>The plan of this site, for all who examine here. It holds for examinations that begin from now on. A step with seconds is a mark of the clock since acetic acid.</source>
        <translation>本机构的检查方案，供所有在此检查的人员使用。适用于此后开始的检查。带秒数的步骤是醋酸计时的标记。</translation>
    </message>
    <message>
        <source>The points lie on top of each other or on one line. Spread them over the cervix.</source>
        <translation>各点重叠或位于一条直线上。请将其分散在宫颈上。</translation>
    </message>
    <message>
        <source>The preview is being made ...</source>
        <translation>正在生成预览...</translation>
    </message>
    <message>
        <source>The program cannot look for words: {why}</source>
        <translation>程序无法查找文字：{why}</translation>
    </message>
    <message>
        <source>The program cannot start.</source>
        <translation>程序无法启动。</translation>
    </message>
    <message>
        <source>The program ended without closing the library.</source>
        <translation>程序上次退出时未正常关闭病例库。</translation>
    </message>
    <message>
        <source>The program ended without closing the library. What was done is there, and can be undone as before.</source>
        <translation>程序上次退出时未正常关闭病例库。已完成的操作均已保留，可照常撤销。</translation>
    </message>
    <message>
        <source>The program found no words; it misses some.</source>
        <translation>程序未找到文字；程序会有遗漏。</translation>
    </message>
    <message numerus="yes">
        <source>The program found words in %n picture(s); it misses some.</source>
        <translation>
            <numerusform>程序在 %n 张图像中找到文字；程序会有遗漏。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The program looks for words: %n picture(s) to go.</source>
        <translation>
            <numerusform>程序正在查找文字：还剩 %n 张图像。</numerusform>
        </translation>
    </message>
    <message>
        <source>The program, its backends, the computer, devices and folders, each with what to do about it; `pfm doctor` says the same. It is in English, names nothing of any patient and no folder of yours, and is sent to nobody.</source>
        <translation>程序、其计算后端、计算机、设备和文件夹，每项都说明该怎么做；`pfm doctor` 给出同样的内容。内容为英文，不含任何患者的信息，也不含您的任何文件夹，不会发送给任何人。</translation>
    </message>
    <message>
        <source>The quality of these pictures has not been checked.</source>
        <translation>这些图像的质量尚未检查。</translation>
    </message>
    <message>
        <source>The report on pot {pots} is dated before the visit: is it this woman's, and of this visit?</source>
        <translation>标本瓶 {pots} 的报告日期早于就诊：它是否属于此患者，是否属于本次就诊？</translation>
    </message>
    <message>
        <source>The report that was signed is kept as it is. The visit can be changed then, and has to be signed anew; the new report says which one it takes the place of, and why.</source>
        <translation>已签署的报告按原样保留。此后可更改就诊，且须重新签署；新报告会注明取代哪一份报告及其原因。</translation>
    </message>
    <message>
        <source>The same password again</source>
        <translation>再次输入相同密码</translation>
    </message>
    <message>
        <source>The same picture was given twice.</source>
        <translation>两次提供了同一张图像。</translation>
    </message>
    <message>
        <source>The scale cannot be calibrated: {why}.</source>
        <translation>无法校准比例尺：{why}。</translation>
    </message>
    <message>
        <source>The scale is in use: {scale:.4g} mm a pixel. It stands with every picture taken from now on.</source>
        <translation>比例尺已启用：每像素 {scale:.4g} mm。此后拍摄的每张图像都附有该比例尺。</translation>
    </message>
    <message>
        <source>The scale is that of this picture: its strongest place is 1, however weak it is.</source>
        <translation>色标以此图像为准：其最强处为 1，无论其本身多弱。</translation>
    </message>
    <message>
        <source>The seconds since acetic acid are not known of any picture: there is no order in which to play them.</source>
        <translation>所有图像的醋酸后秒数均未知：没有可供播放的顺序。</translation>
    </message>
    <message>
        <source>The site's template of reports was not used: {reason}.</source>
        <translation>未使用本机构的报告模板：{reason}。</translation>
    </message>
    <message>
        <source>The sixth reason</source>
        <translation>第六个原因</translation>
    </message>
    <message>
        <source>The structures of the two pictures do not agree where the points put them.</source>
        <translation>按这些点对应时，两张图像的结构不一致。</translation>
    </message>
    <message>
        <source>The task has no name yet</source>
        <translation>任务还没有名称</translation>
    </message>
    <message>
        <source>The time left is said while it runs; stopped, no task is made.</source>
        <translation>运行时会显示剩余时间；如停止，则不会创建任务。</translation>
    </message>
    <message>
        <source>The time since acetic acid is right, and pictures of this examination go on by the clock as it was when it began.</source>
        <translation>醋酸后时间是正确的，本次检查的图像继续按检查开始时的时钟计时。</translation>
    </message>
    <message>
        <source>The tour is over. Help, Take the tour shows it again.</source>
        <translation>导览已结束。可通过“帮助 &gt; 开始导览”再次显示。</translation>
    </message>
    <message>
        <source>The tour is shown on the demo library, on phantoms. The library that is open now is closed for it; File, Open another library brings it back, and the next start opens it as before.</source>
        <translation>导览在演示病例库上进行，基于模拟体模。当前打开的病例库会为此关闭；“文件 &gt; 打开其他病例库”可将其重新打开，下次启动时也会照常打开。</translation>
    </message>
    <message>
        <source>The tour waits: this step is about {page}. Stay here as long as you like.</source>
        <translation>导览正在等待：此步骤与{page}有关。可在此停留任意时间。</translation>
    </message>
    <message>
        <source>The trail does not hold (checked at {time}). Keep the library as it is, and compare it with a backup:</source>
        <translation>审计追踪有问题（检查于 {time}）。请保持病例库原样，并与备份比较：</translation>
    </message>
    <message numerus="yes">
        <source>The trail holds: (its|all) %n line(s) (is|are) as written, in order, and none is missing. Checked at {time}.</source>
        <translation>
            <numerusform>审计追踪完好：全部 %n 行均与写入时一致，顺序正确，无一缺失。检查于 {time}。</numerusform>
        </translation>
    </message>
    <message>
        <source>The two are not aligned.</source>
        <translation>两者未对齐。</translation>
    </message>
    <message>
        <source>The two are not aligned: {reason}. They stand side by side, each in its own frame.</source>
        <translation>两者未对齐：{reason}。两者并排显示，各按自身画面。</translation>
    </message>
    <message>
        <source>The two do not belong together</source>
        <translation>两张图像不属于同一配对</translation>
    </message>
    <message>
        <source>The two passwords differ.</source>
        <translation>两次输入的密码不同。</translation>
    </message>
    <message>
        <source>The two pictures do not seem to belong together.</source>
        <translation>两张图像似乎不属于同一配对。</translation>
    </message>
    <message>
        <source>The two pictures show too little of the same tissue.</source>
        <translation>两张图像显示的相同组织太少。</translation>
    </message>
    <message>
        <source>The two stay side by side, not aligned</source>
        <translation>两者保持并排，未对齐</translation>
    </message>
    <message>
        <source>The user guide is in English only.</source>
        <translation>用户指南仅有英文版。</translation>
    </message>
    <message>
        <source>The view moved between the two: hold still, and take the pair again if there is time.</source>
        <translation>两次拍摄之间视野有移动：请保持不动，如时间允许，请重新拍摄配对图像。</translation>
    </message>
    <message>
        <source>The visit opens as soon as the library is open.</source>
        <translation>病例库打开后，就诊随即打开。</translation>
    </message>
    <message>
        <source>The visit was signed before the AI answer was revealed: it stays hidden.</source>
        <translation>就诊在显示 AI 结果之前已签署：结果保持隐藏。</translation>
    </message>
    <message>
        <source>The visits are still being looked for.</source>
        <translation>仍在查找就诊。</translation>
    </message>
    <message>
        <source>The visits that I tick ({count:,} ticked)</source>
        <translation>勾选的就诊（已勾选 {count:,} 次）</translation>
    </message>
    <message>
        <source>The whitening of this place is on record.</source>
        <translation>此处的醋白变化已记录。</translation>
    </message>
    <message>
        <source>The whole picture (F)</source>
        <translation>整张图像（F）</translation>
    </message>
    <message>
        <source>The women of the locked test are set aside for good: no model of this library ever learns from them. What is learned stays in quarantine and answers nothing until it is compared on them and promoted with a signature.</source>
        <translation>锁定测试集的患者永久单独保留：本病例库绝不会用这些患者训练任何模型。训练所得的模型处于隔离状态，在用这些患者比较并经签名启用之前，不给出任何结果。</translation>
    </message>
    <message>
        <source>The {picture}</source>
        <translation>{picture}</translation>
    </message>
    <message>
        <source>The {source} picture is being laid anew</source>
        <translation>正在重新叠加{source}图像</translation>
    </message>
    <message>
        <source>The {source} picture was not used.</source>
        <translation>未使用{source}图像。</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Then: {indication}</source>
        <translation>当时：{indication}</translation>
    </message>
    <message>
        <source>There already</source>
        <translation>已存在</translation>
    </message>
    <message>
        <source>There is a plan that was not imported yet. Throw it away, and look at what was dropped now?</source>
        <translation>有一个尚未导入的计划。是否放弃该计划，改为查看刚拖放的内容？</translation>
    </message>
    <message>
        <source>There is no AI answer for this pair.</source>
        <translation>此配对没有 AI 结果。</translation>
    </message>
    <message>
        <source>There is no AI answer. {message}</source>
        <translation>没有 AI 结果。{message}</translation>
    </message>
    <message>
        <source>There is no AI answer. {problem}</source>
        <translation>没有 AI 结果。{problem}</translation>
    </message>
    <message>
        <source>There is no AI answer: {why}</source>
        <translation>没有 AI 结果：{why}</translation>
    </message>
    <message>
        <source>There is no answer for these pictures yet.</source>
        <translation>这些图像尚无结果。</translation>
    </message>
    <message>
        <source>There is no answer to reveal.</source>
        <translation>没有可显示的结果。</translation>
    </message>
    <message>
        <source>There is no earlier visit of hers with a white-light picture.</source>
        <translation>该患者没有含白光图像的既往就诊。</translation>
    </message>
    <message>
        <source>There is no key yet: the first signed export makes it, and its fingerprint stands here then.</source>
        <translation>尚无密钥：首次签名导出时会生成，其指纹随后显示在此处。</translation>
    </message>
    <message>
        <source>There is no picture from the camera to take.</source>
        <translation>没有可拍摄的相机图像。</translation>
    </message>
    <message>
        <source>There is no picture to add. Choose a file, or drop one here.</source>
        <translation>没有可添加的图像。请选择文件，或拖放到此处。</translation>
    </message>
    <message>
        <source>There is no preview. {message}</source>
        <translation>没有预览。{message}</translation>
    </message>
    <message>
        <source>There is no registration for these pictures.</source>
        <translation>这些图像没有配准。</translation>
    </message>
    <message>
        <source>There is no such page in the guide: {link}</source>
        <translation>指南中没有此页：{link}</translation>
    </message>
    <message>
        <source>There is no {source} picture.</source>
        <translation>没有{source}图像。</translation>
    </message>
    <message>
        <source>There is nothing to be seen in it: retake.</source>
        <translation>图像中看不到任何内容：请重拍。</translation>
    </message>
    <message>
        <source>These are the first {count}; the CSV has all.</source>
        <translation>以下为前 {count} 条；CSV 中包含全部。</translation>
    </message>
    <message>
        <source>These pictures stand elsewhere by now. Choose them again.</source>
        <translation>这些图像现已移到别处。请重新选择。</translation>
    </message>
    <message>
        <source>They stay in the folder. Import brings them in later.</source>
        <translation>它们保留在文件夹中。稍后可通过“导入”导入。</translation>
    </message>
    <message numerus="yes">
        <source>They were taken %n minute(s) apart: use pictures that were taken together.</source>
        <translation>
            <numerusform>两者拍摄相隔 %n 分钟：请使用同时拍摄的图像。</numerusform>
        </translation>
    </message>
    <message>
        <source>They were taken {hours} hours apart: use pictures that were taken together.</source>
        <translation>两者拍摄相隔 {hours} 小时：请使用同时拍摄的图像。</translation>
    </message>
    <message>
        <source>Thickness, stroma to surface</source>
        <translation>厚度（间质至表面）</translation>
    </message>
    <message>
        <source>Thin, milky</source>
        <translation>薄，乳白色</translation>
    </message>
    <message>
        <source>This device gives no fluorescence. Leave the step out, take a white-light picture, or choose another device.</source>
        <translation>此设备没有荧光。请略过此步骤、拍摄白光图像，或选择其他设备。</translation>
    </message>
    <message>
        <source>This device takes its pictures itself: press its own button, and they come into the visit.</source>
        <translation>此设备自行拍摄图像：请按设备上的按钮，图像会进入就诊。</translation>
    </message>
    <message>
        <source>This export is not recorded: the library is read-only.</source>
        <translation>此次导出未记录：病例库为只读。</translation>
    </message>
    <message>
        <source>This frame is in the visit already.</source>
        <translation>该帧已在就诊中。</translation>
    </message>
    <message>
        <source>This is no address of a camera. It begins with usb:, rtsp://, http://, genicam: or file:/.</source>
        <translation>这不是相机地址。相机地址以 usb:、rtsp://、http://、genicam: 或 file:/ 开头。</translation>
    </message>
    <message>
        <source>This is the demo library. For your own patients make a library of your own in Settings.</source>
        <translation>这是演示病例库。如需记录自己的患者，请在“设置”中创建自己的病例库。</translation>
    </message>
    <message>
        <source>This is the demo library: do not keep real women here. Their place is a library of your own (Settings).</source>
        <translation>这是演示病例库：请勿在此保存真实患者。真实患者应保存在自己的病例库中（设置）。</translation>
    </message>
    <message>
        <source>This is the demonstration library: all of it is on phantoms.</source>
        <translation>这是演示病例库：全部内容均基于模拟体模。</translation>
    </message>
    <message>
        <source>This is your second read. One that differs from the AI needs a reason.</source>
        <translation>这是你的第二次阅片。如与 AI 不同，须说明理由。</translation>
    </message>
    <message>
        <source>This key opens the library if every password is forgotten. Print it or write it down, and keep it in a safe place away from this computer. It is not shown again, and nobody can make it again; an administrator can make another.</source>
        <translation>如果所有密码都忘记，可用此密钥打开病例库。请打印或抄写下来，保存在远离本计算机的安全地方。此密钥不会再次显示，也无人能再次生成；管理员可以另外生成一个。</translation>
    </message>
    <message>
        <source>This leads out of the program, which opens nothing on the net: {link}</source>
        <translation>此链接通向程序之外，而程序不会打开任何网络内容：{link}</translation>
    </message>
    <message>
        <source>This library is a demonstration: the woman is made up and the pictures are computer-drawn phantoms.</source>
        <translation>本病例库仅供演示：患者是虚构的，图像是计算机绘制的模拟体模。</translation>
    </message>
    <message>
        <source>This library is not encrypted and has no accounts: the name above is what stands beside your reads. For pictures of real women make an encrypted library (New library...).</source>
        <translation>本病例库未加密，也没有账户：阅片旁显示的是上面的姓名。如有真实患者的图像，请创建加密的病例库（新建病例库...）。</translation>
    </message>
    <message>
        <source>This library is not encrypted: the list of pseudonyms lies readable in it, for whoever can read its folder.</source>
        <translation>本病例库未加密：化名列表以可读形式存放其中，任何能读取其文件夹的人都能读取。</translation>
    </message>
    <message>
        <source>This library is open already.</source>
        <translation>本病例库已打开。</translation>
    </message>
    <message>
        <source>This library is open for reading only ({why}), and an export must go on record. Open it where it can be written, then export again.</source>
        <translation>本病例库以只读方式打开（{why}），而导出必须记录。请在可写入的地方打开，然后重新导出。</translation>
    </message>
    <message>
        <source>This library is open for reading only, and an export must go on record.</source>
        <translation>本病例库以只读方式打开，而导出必须记录。</translation>
    </message>
    <message>
        <source>This library is open for reading only: nothing can be learned from it here.</source>
        <translation>本病例库以只读方式打开：在此无法用其训练模型。</translation>
    </message>
    <message>
        <source>This line cannot be read: it is not what was written.</source>
        <translation>此行无法读取：与当初写入的内容不同。</translation>
    </message>
    <message>
        <source>This looks like a fluorescence picture: give it as that, and of two pictures swap them.</source>
        <translation>这看起来是荧光图像：请按荧光图像提供；如有两张图像，请互换。</translation>
    </message>
    <message>
        <source>This looks like a white-light picture: give it as that, and of two pictures swap them.</source>
        <translation>这看起来是白光图像：请按白光图像提供；如有两张图像，请互换。</translation>
    </message>
    <message>
        <source>This model cannot tell whether {sources} is like anything it learned from.</source>
        <translation>此模型无法判断{sources}是否与其训练数据相似。</translation>
    </message>
    <message>
        <source>This model has no CARD.md.</source>
        <translation>此模型没有 CARD.md。</translation>
    </message>
    <message>
        <source>This moment is not in white light: nothing was frozen.</source>
        <translation>此刻不是白光：未冻结任何图像。</translation>
    </message>
    <message>
        <source>This pair cannot be shown: {why}.

Press 0 to go on without a grade, or F5 to try again.</source>
        <translation>无法显示此配对：{why}。

按 0 不给出级别并继续，或按 F5 重试。</translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in a visit of {name} (ID {identifier}) and in %n more visit(s).</source>
        <translation>
            <numerusform>此图像已在 {name}（ID {identifier}）的一次就诊及另外 %n 次就诊中。</numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in a visit of {name} (ID {identifier}).</source>
        <translation>此图像已在 {name}（ID {identifier}）的一次就诊中。</translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in another visit of this woman ({day}) and in %n more visit(s).</source>
        <translation>
            <numerusform>此图像已在此患者的另一次就诊（{day}）及另外 %n 次就诊中。</numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in another visit of this woman ({day}).</source>
        <translation>此图像已在此患者的另一次就诊（{day}）中。</translation>
    </message>
    <message>
        <source>This picture is already in this visit.</source>
        <translation>此图像已在本次就诊中。</translation>
    </message>
    <message>
        <source>This picture is black and white: use the colour picture, or switch the camera to colour, then retake.</source>
        <translation>此图像是黑白的：请使用彩色图像，或将相机切换为彩色，然后重拍。</translation>
    </message>
    <message>
        <source>This shows no tissue: choose the picture of the cervix.</source>
        <translation>图像中没有组织：请选择宫颈图像。</translation>
    </message>
    <message>
        <source>This task is closed: open it again to decide in it</source>
        <translation>此任务已关闭：重新打开后才能在其中裁定</translation>
    </message>
    <message>
        <source>This visit</source>
        <translation>本次就诊</translation>
    </message>
    <message>
        <source>This visit is of {day}, not of today. Press again within 3 seconds to take pictures into it all the same, or begin a new visit of her in Today.</source>
        <translation>本次就诊日期为 {day}，不是今日。请在 3 秒内再按一次，仍将图像拍入其中；或在“今日”中为该患者新建就诊。</translation>
    </message>
    <message>
        <source>This visit is signed: begin a new visit of her in Today.</source>
        <translation>本次就诊已签署：请在“今日”中为该患者新建就诊。</translation>
    </message>
    <message>
        <source>This would stop the clock of acetic acid. Undo again within 3 seconds to take it back.</source>
        <translation>这会停止醋酸计时。请在 3 秒内再次撤销以确认。</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>Threshold of the model attention</source>
        <translation>模型关注区的阈值</translation>
    </message>
    <message>
        <source>Throw it away: press again</source>
        <translation>放弃：请再按一次</translation>
    </message>
    <message>
        <source>Throw the old plan away</source>
        <translation>放弃旧计划</translation>
    </message>
    <message>
        <source>Throw the plan away</source>
        <translation>放弃计划</translation>
    </message>
    <message>
        <source>Tick that you looked at the pictures.</source>
        <translation>请勾选，表示已查看图像。</translation>
    </message>
    <message>
        <source>Tilt the light or dab the surface dry.</source>
        <translation>请倾斜光源，或将表面蘸干。</translation>
    </message>
    <message>
        <source>Time not known</source>
        <translation>时间未知</translation>
    </message>
    <message>
        <source>Time of day known</source>
        <translation>已知具体时刻</translation>
    </message>
    <message>
        <source>Time of the visit</source>
        <translation>就诊时间</translation>
    </message>
    <message>
        <source>Time since acetic acid</source>
        <translation>醋酸后时间</translation>
    </message>
    <message>
        <source>Time: {why}</source>
        <translation>时间：{why}</translation>
    </message>
    <message>
        <source>To Today</source>
        <translation>转到“今日”</translation>
    </message>
    <message>
        <source>To be used with care: {pictures}</source>
        <translation>谨慎使用：{pictures}</translation>
    </message>
    <message>
        <source>To discuss</source>
        <translation>待讨论</translation>
    </message>
    <message>
        <source>To discuss (MDT)</source>
        <translation>待讨论（MDT）</translation>
    </message>
    <message>
        <source>To end that, make a new recovery key (Settings)</source>
        <translation>如要终止这种情况，请生成新的恢复密钥（设置）</translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People)</source>
        <translation>
            <numerusform>如要终止这种情况，请重新设置该密码（设置 &gt; 人员）</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People), and make a new recovery key</source>
        <translation>
            <numerusform>如要终止这种情况，请重新设置该密码（设置 &gt; 人员），并生成新的恢复密钥</numerusform>
        </translation>
    </message>
    <message>
        <source>To her visit of {when}.</source>
        <translation>归入该患者 {when} 的就诊。</translation>
    </message>
    <message>
        <source>To mark it, press O and click where it is.</source>
        <translation>如需标记，请按 O，然后点击其所在位置。</translation>
    </message>
    <message>
        <source>To rule a grade out a model needs {enough} women of it: {grades}.</source>
        <translation>模型要能排除某一级别，需要该级别的 {enough} 名患者：{grades}。</translation>
    </message>
    <message>
        <source>To take more over, {act}.</source>
        <translation>如需带入更多内容，请{act}。</translation>
    </message>
    <message>
        <source>To take more over, {first} and {second}.</source>
        <translation>如需带入更多内容，请{first}并{second}。</translation>
    </message>
    <message>
        <source>To whom</source>
        <translation>移至哪位患者</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今日</translation>
    </message>
    <message>
        <source>Too few corners to close: a contour takes 3 and a line 2. Move the cursor away from the last one and set the next.</source>
        <translation>顶点太少，无法闭合：轮廓需要 3 个，线需要 2 个。请将光标移离最后一个顶点，再设置下一个。</translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women with a picture of {source}.</source>
        <translation>数量太少，无法训练：每个级别需要 {enough} 名有{source}图像的患者。</translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women.</source>
        <translation>数量太少，无法训练：每个级别需要 {enough} 名患者。</translation>
    </message>
    <message>
        <source>Tool</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Tool: draw</source>
        <translation>工具：绘制</translation>
    </message>
    <message>
        <source>Tool: draw, {drawing}</source>
        <translation>工具：绘制，{drawing}</translation>
    </message>
    <message>
        <source>Tour, {counter}. {title}.</source>
        <translation>导览，{counter}。{title}。</translation>
    </message>
    <message>
        <source>Tour, {counter}: {title}</source>
        <translation>导览，{counter}：{title}</translation>
    </message>
    <message>
        <source>Transformation zone</source>
        <translation>转化区</translation>
    </message>
    <message>
        <source>Transformation zone type 3, and the junction is completely visible</source>
        <translation>转化区为 3 型，但鳞柱交界完全可见</translation>
    </message>
    <message>
        <source>Transformation zone type {tz}, and the junction is not completely visible</source>
        <translation>转化区为 {tz} 型，但鳞柱交界不完全可见</translation>
    </message>
    <message>
        <source>Treatment on record: {treatment}</source>
        <translation>记录的治疗：{treatment}</translation>
    </message>
    <message>
        <source>Trunks only: a start for training, it gives no answers.</source>
        <translation>仅含主干网络：可作训练的起点，不给出结果。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Trying again.</source>
        <translation>正在重试。</translation>
    </message>
    <message>
        <source>Two cameras: white light and fluorescence</source>
        <translation>两台相机：白光和荧光</translation>
    </message>
    <message>
        <source>Two visits are on the stage. Press Esc to go back to the pair first.</source>
        <translation>图像区中有两次就诊。请先按 Esc 返回配对图像。</translation>
    </message>
    <message>
        <source>Two visits beside each other</source>
        <translation>两次就诊并排</translation>
    </message>
    <message>
        <source>Type a name, a number, a date or a finding; the buttons ({today.show_all}, {today.show_today} and on) show what is to be done. Enter opens the visit, and {edit.find} comes back here from anywhere.</source>
        <translation>输入姓名、编号、日期或所见；按钮（{today.show_all}、{today.show_today} 等）显示待办事项。Enter 打开就诊，{edit.find} 可从任何位置返回此处。</translation>
    </message>
    <message>
        <source>Unassigned visit</source>
        <translation>未分配的就诊</translation>
    </message>
    <message>
        <source>Unassigned: nobody has said yet who the woman is. This is a preview; assign the visit to a patient to sign it.</source>
        <translation>未分配：尚未有人说明患者是谁。这是预览；如需签署，请先将就诊分配给患者。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Undo last</source>
        <translation>撤销上一步</translation>
    </message>
    <message>
        <source>Undo takes it back.</source>
        <translation>“撤销”可将其撤回。</translation>
    </message>
    <message>
        <source>Undoing</source>
        <translation>正在撤销</translation>
    </message>
    <message>
        <source>Undoing: {step}</source>
        <translation>正在撤销：{step}</translation>
    </message>
    <message>
        <source>Undone: {step}</source>
        <translation>已撤销：{step}</translation>
    </message>
    <message>
        <source>Unlike anything the model learned from: {pictures}.</source>
        <translation>与模型的所有训练数据均不同：{pictures}。</translation>
    </message>
    <message>
        <source>Unlike pictures change at most 3 times a second.</source>
        <translation>差异较大的图像每秒最多切换 3 次。</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>解锁</translation>
    </message>
    <message>
        <source>Unpacking the new version</source>
        <translation>正在解压新版本</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>存疑</translation>
    </message>
    <message>
        <source>Until</source>
        <translation>截止</translation>
    </message>
    <message>
        <source>Until this day, which is included</source>
        <translation>截至当天（含当天）</translation>
    </message>
    <message>
        <source>Unusable</source>
        <translation>不可用</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Up, Down, Page Up, Page Down</source>
        <translation>上箭头、下箭头、Page Up、Page Down</translation>
    </message>
    <message>
        <source>Update file</source>
        <translation>更新文件</translation>
    </message>
    <message>
        <source>Update files (*.pfm-update)</source>
        <translation>更新文件 (*.pfm-update)</translation>
    </message>
    <message>
        <source>Use a picture of at least 1000 pixels a side.</source>
        <translation>请使用每边至少 1000 像素的图像。</translation>
    </message>
    <message>
        <source>Use iodine all the same</source>
        <translation>仍然使用碘</translation>
    </message>
    <message>
        <source>Use the recovery key...</source>
        <translation>使用恢复密钥...</translation>
    </message>
    <message>
        <source>Use these keys</source>
        <translation>使用此快捷键</translation>
    </message>
    <message>
        <source>Use this device</source>
        <translation>使用此设备</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>使用此模型</translation>
    </message>
    <message>
        <source>Use this scale</source>
        <translation>使用此比例尺</translation>
    </message>
    <message>
        <source>User guide</source>
        <translation>用户指南</translation>
    </message>
    <message>
        <source>Vagina</source>
        <translation>阴道</translation>
    </message>
    <message>
        <source>Vagina and treatment</source>
        <translation>阴道和治疗</translation>
    </message>
    <message>
        <source>Vagina inadequate for</source>
        <translation>阴道不满意（不充分）的原因</translation>
    </message>
    <message>
        <source>Vagina, grade 1 (minor)</source>
        <translation>阴道，1 级（次要）</translation>
    </message>
    <message>
        <source>Vagina, grade 2 (major)</source>
        <translation>阴道，2 级（主要）</translation>
    </message>
    <message>
        <source>Vagina, miscellaneous</source>
        <translation>阴道，其他所见</translation>
    </message>
    <message>
        <source>Vagina, non-specific</source>
        <translation>阴道，非特异性</translation>
    </message>
    <message>
        <source>Vagina, normal</source>
        <translation>阴道，正常</translation>
    </message>
    <message>
        <source>Vagina, suspicious for invasion</source>
        <translation>阴道，可疑浸润</translation>
    </message>
    <message>
        <source>Vagina, where</source>
        <translation>阴道，部位</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Version {version} is checked and ready, and the library is backed up. Close the program; then who may install programs on this computer runs:

{command}

SHA-256 of the file: {sha256}</source>
        <translation>版本 {version} 已检查并就绪，病例库已备份。请关闭程序；然后由有权在此计算机上安装程序的人运行：

{command}

文件的 SHA-256：{sha256}</translation>
    </message>
    <message>
        <source>Version {version} is installed, and the library is backed up. Close the program now, and start it from {link}. Version {old} stays in {folder}.</source>
        <translation>版本 {version} 已安装，病例库已备份。请现在关闭程序，并从 {link} 启动。版本 {old} 保留在 {folder}。</translation>
    </message>
    <message>
        <source>Version {version}, {size} MB, whole. Signed by {publisher} (key {key}) on {day}; it may be installed until {until}.</source>
        <translation>版本 {version}，{size} MB，完整。由 {publisher}（密钥 {key}）于 {day} 签署；可安装至 {until}。</translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation>血管</translation>
    </message>
    <message>
        <source>Visit</source>
        <translation>就诊</translation>
    </message>
    <message>
        <source>Visit &amp;time...</source>
        <translation>就诊时间(&amp;T)...</translation>
    </message>
    <message>
        <source>Visit (internal number)</source>
        <translation>就诊（内部编号）</translation>
    </message>
    <message>
        <source>Visit of {day}, impression {grade}.</source>
        <translation>{day} 的就诊，印象：{grade}。</translation>
    </message>
    <message>
        <source>Visit of {day}, no impression.</source>
        <translation>{day} 的就诊，无印象。</translation>
    </message>
    <message>
        <source>Visit of {when}</source>
        <translation>{when} 的就诊</translation>
    </message>
    <message>
        <source>Visit of {when} ({why})</source>
        <translation>{when} 的就诊（{why}）</translation>
    </message>
    <message>
        <source>Visit time</source>
        <translation>就诊时间</translation>
    </message>
    <message>
        <source>Visit {number} of {all}</source>
        <translation>就诊 {number}/{all}</translation>
    </message>
    <message>
        <source>Visits</source>
        <translation>就诊</translation>
    </message>
    <message>
        <source>Visits (internal numbers)</source>
        <translation>就诊（内部编号）</translation>
    </message>
    <message>
        <source>Visits that {reader} read and of which the laboratory gave a grade. Only you see them here: nobody is ranked.</source>
        <translation>{reader} 已阅片且实验室（病理科）给出级别的就诊。此处仅你本人可见：不对任何人排名。</translation>
    </message>
    <message>
        <source>Visits to tick</source>
        <translation>可勾选的就诊</translation>
    </message>
    <message>
        <source>W takes a white-light picture.</source>
        <translation>按 W 拍摄白光图像。</translation>
    </message>
    <message>
        <source>WAOCP series</source>
        <translation>WAOCP 病例系列</translation>
    </message>
    <message>
        <source>WARNING:</source>
        <translation>警告：</translation>
    </message>
    <message>
        <source>Wait {left:.0f} s</source>
        <translation>请等待 {left:.0f} 秒</translation>
    </message>
    <message>
        <source>Waiting for pictures in {folder}</source>
        <translation>正在等待 {folder} 中的图像</translation>
    </message>
    <message>
        <source>Waits for</source>
        <translation>已等待</translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation>待处理</translation>
    </message>
    <message>
        <source>Waits for you: set or confirm what is not known or unsure.</source>
        <translation>待处理：请设置或确认未知或存疑的内容。</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Weeks pregnant</source>
        <translation>孕周</translation>
    </message>
    <message>
        <source>Well-defined coarse punctation or mosaic, sharply demarcated, randomly and widely placed</source>
        <translation>清晰的粗点状血管或粗镶嵌，界限分明，随机而广泛分布</translation>
    </message>
    <message>
        <source>What</source>
        <comment>kind of record</comment>
        <translation>类型</translation>
    </message>
    <message>
        <source>What</source>
        <comment>kind of specimen</comment>
        <translation>标本类型</translation>
    </message>
    <message>
        <source>What a complete score is taken for, beside it in Findings. Sources differ. None says that a biopsy is not needed.</source>
        <translation>完整评分的临床意义，显示在“所见”的评分旁。各文献分段不一，且均未表明可以不做活检。</translation>
    </message>
    <message>
        <source>What became of it</source>
        <translation>处理结果</translation>
    </message>
    <message>
        <source>What became of the files</source>
        <translation>文件的处理结果</translation>
    </message>
    <message>
        <source>What becomes of it</source>
        <translation>如何处理</translation>
    </message>
    <message>
        <source>What came back belonged to another visit or pair and was thrown away. Try again.</source>
        <translation>返回的结果属于另一次就诊或另一配对，已丢弃。请重试。</translation>
    </message>
    <message>
        <source>What comes out</source>
        <translation>导出内容</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>What is known of a run of the program that did not end as it should, for whoever helps you. All that is in the file is shown here: no names, no numbers of patients, no pictures, and of files only those of the program. It stays on this computer until you save it and pass it on.</source>
        <translation>这是程序某次未正常结束时留下的信息，供帮助您的人使用。文件中的全部内容都显示在这里：没有姓名，没有患者编号，没有图像，涉及的文件只有程序自己的。在您保存并转交之前，它一直留在这台计算机上。</translation>
    </message>
    <message>
        <source>What is known of the chosen row</source>
        <translation>所选行的已知信息</translation>
    </message>
    <message>
        <source>What is signed stays: a change after it takes a reason, and this report is kept beside the new one.</source>
        <translation>已签署的内容保持不变：此后更改须说明理由，且本报告与新报告一并保留。</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>What it made (internal numbers)</source>
        <translation>生成的内容（内部编号）</translation>
    </message>
    <message>
        <source>What readers see in their list: no woman's name</source>
        <translation>阅片者在列表中看到的名称：不得含患者姓名</translation>
    </message>
    <message>
        <source>What stands above and below every report from now on, and which sections it has. Who she is, the findings, the AI answer where it was revealed, warnings and the signature always do; what is left out is said in the report.</source>
        <translation>此后每份报告上方和下方的内容，以及包含哪些部分。患者身份、所见、已显示的 AI 结果、警告和签名始终包含；略过的内容会在报告中说明。</translation>
    </message>
    <message>
        <source>What stands above the signature</source>
        <translation>签名上方的内容</translation>
    </message>
    <message>
        <source>What the AI answer is not for</source>
        <translation>AI 结果不适用的用途</translation>
    </message>
    <message>
        <source>What the model says, where the site shows it</source>
        <translation>模型所述内容，在本机构允许显示之处</translation>
    </message>
    <message>
        <source>What the signature means</source>
        <translation>签名的含义</translation>
    </message>
    <message>
        <source>What they do</source>
        <translation>作用</translation>
    </message>
    <message>
        <source>What took the pictures failed and was ended: {why}</source>
        <translation>接收图像的部分出错，已结束：{why}</translation>
    </message>
    <message>
        <source>What was done last is not on record yet. Undo takes it back once it is.</source>
        <translation>上一步操作尚未记录。记录后可用“撤销”撤回。</translation>
    </message>
    <message>
        <source>What was finished before is in the library.</source>
        <translation>此前完成的内容已在病例库中。</translation>
    </message>
    <message>
        <source>What was left is kept as {file}</source>
        <translation>剩余内容保存为 {file}</translation>
    </message>
    <message>
        <source>What was left out, and why</source>
        <translation>略过的内容及原因</translation>
    </message>
    <message>
        <source>What was said of pairs without a grade is not kept. Stay, or leave the task once more to throw it away.</source>
        <translation>未给出级别的配对，其相关内容尚未保存。请留在此处，或再次离开任务以放弃这些内容。</translation>
    </message>
    <message>
        <source>What was typed could not be kept</source>
        <translation>输入的内容无法保存</translation>
    </message>
    <message>
        <source>What was typed is kept now.</source>
        <translation>输入的内容现已保存。</translation>
    </message>
    <message>
        <source>What will be brought in</source>
        <translation>将导入的内容</translation>
    </message>
    <message>
        <source>What will be done</source>
        <translation>将执行的操作</translation>
    </message>
    <message>
        <source>What you enter in Findings ({review.findings}) stands in this report; {review.save_pdf} saves it. Sign locks the visit, with your name and the time; a change afterwards takes a reason. The tour never signs.</source>
        <translation>在“所见”（{review.findings}）中录入的内容会出现在此报告中；{review.save_pdf} 保存报告。“签署”会锁定就诊，并附上姓名和时间；此后更改须说明理由。导览绝不会签署。</translation>
    </message>
    <message>
        <source>What you read</source>
        <translation>阅片内容</translation>
    </message>
    <message>
        <source>What you see</source>
        <translation>看到的内容</translation>
    </message>
    <message>
        <source>What your archive (PACS) calls colposcopy: exports as DICOM are written so.</source>
        <translation>存档系统（PACS）对阴道镜检查的称谓：DICOM 导出将按此写入。</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>When {name} was taken</source>
        <translation>{name} 的拍摄时间</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Where a visit has neither histology nor reads: these always count before it</source>
        <translation>仅用于既无组织学也无阅片的就诊：这两者始终优先</translation>
    </message>
    <message>
        <source>Where help is</source>
        <translation>在哪里获得帮助</translation>
    </message>
    <message>
        <source>Where readers differ most first</source>
        <translation>阅片者分歧最大的优先</translation>
    </message>
    <message>
        <source>Where the model is least sure first</source>
        <translation>模型最不确定的优先</translation>
    </message>
    <message>
        <source>Which results Today and the histology inbox call overdue, and letters with them. {source}.</source>
        <translation>“今日”和组织学收件箱将哪些结果及其告知信视为逾期。{source}。</translation>
    </message>
    <message>
        <source>Which run of the program</source>
        <translation>程序的哪一次运行</translation>
    </message>
    <message>
        <source>Which visits</source>
        <translation>哪些就诊</translation>
    </message>
    <message>
        <source>White</source>
        <comment>light</comment>
        <translation>白光</translation>
    </message>
    <message>
        <source>White balance</source>
        <translation>白平衡</translation>
    </message>
    <message>
        <source>White balance (K)</source>
        <translation>白平衡（K）</translation>
    </message>
    <message>
        <source>White light</source>
        <translation>白光</translation>
    </message>
    <message>
        <source>White light through a green filter, for looking</source>
        <translation>白光加绿色滤镜，仅用于查看</translation>
    </message>
    <message>
        <source>White light, {stage}</source>
        <translation>白光，{stage}</translation>
    </message>
    <message>
        <source>White-light picture (internal number)</source>
        <translation>白光图像（内部编号）</translation>
    </message>
    <message>
        <source>White-light pictures can be taken; each pair tries the lamp again.</source>
        <translation>可以拍摄白光图像；每次拍摄配对都会再次尝试光源灯。</translation>
    </message>
    <message>
        <source>Whitening</source>
        <translation>醋白变化</translation>
    </message>
    <message>
        <source>Whitening after acetic acid, or back to the live picture</source>
        <translation>醋白变化，或返回实时图像</translation>
    </message>
    <message>
        <source>Whitening clip</source>
        <translation>醋白变化视频片段</translation>
    </message>
    <message>
        <source>Whitening is followed by itself once the clock of acetic acid runs. Nothing was followed in this visit yet.</source>
        <translation>醋酸计时开始后，会自动追踪醋白变化。本次就诊尚未追踪任何内容。</translation>
    </message>
    <message>
        <source>Whitening is not recorded yet, and is tried again; the clock of acetic acid runs.</source>
        <translation>醋白变化尚未录制，将再次尝试；醋酸计时正在进行。</translation>
    </message>
    <message>
        <source>Whitening of place {number}</source>
        <translation>位置 {number} 的醋白变化</translation>
    </message>
    <message>
        <source>Whitening of place {number}, against normal tissue</source>
        <translation>位置 {number} 的醋白变化，与正常组织相比</translation>
    </message>
    <message>
        <source>Whitens {onset}, most dL* {peak:.1f} at {at}, {faded}; {against}.</source>
        <translation>{onset}出现醋白变化，最大 dL* {peak:.1f}，出现于 {at}，{faded}；{against}。</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>操作者</translation>
    </message>
    <message>
        <source>Who is</source>
        <translation>身份查询</translation>
    </message>
    <message>
        <source>Who is signed in, written beside your reads and signatures.</source>
        <translation>当前登录者，显示在你的阅片和签名旁。</translation>
    </message>
    <message>
        <source>Who signs</source>
        <translation>签署者</translation>
    </message>
    <message>
        <source>Whoever can read the folder can read the pictures and all that is written beside them, names as well.</source>
        <translation>任何能读取该文件夹的人，都能读取图像及其旁的所有内容，包括姓名。</translation>
    </message>
    <message>
        <source>Whoever can read the folder of this library can read its pictures and names. For research only.</source>
        <translation>任何能读取本病例库文件夹的人，都能读取其中的图像和姓名。仅供研究。</translation>
    </message>
    <message>
        <source>Whole</source>
        <translation>完整</translation>
    </message>
    <message>
        <source>Whole picture</source>
        <translation>整张图像</translation>
    </message>
    <message numerus="yes">
        <source>Whose %n picture(s): identifier</source>
        <translation>
            <numerusform>%n 张图像属于哪位患者：编号</numerusform>
        </translation>
    </message>
    <message>
        <source>Whose examination</source>
        <translation>检查所属患者</translation>
    </message>
    <message>
        <source>Whose examination is it?</source>
        <translation>这是谁的检查？</translation>
    </message>
    <message>
        <source>Whose key it is was not checked: compare the fingerprint with the one that the library shows: {fingerprint}.</source>
        <translation>密钥归属未经核对：请将此指纹与病例库显示的指纹比较：{fingerprint}。</translation>
    </message>
    <message>
        <source>Whose visit is it?</source>
        <translation>这是谁的就诊？</translation>
    </message>
    <message>
        <source>Whose: {why}</source>
        <translation>归属：{why}</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Why can it not be graded?</source>
        <translation>为什么无法分级？</translation>
    </message>
    <message>
        <source>Why it is moved</source>
        <translation>移动的原因</translation>
    </message>
    <message>
        <source>Why it is to answer all the same</source>
        <translation>仍然让其给出结果的原因</translation>
    </message>
    <message>
        <source>Why the signed report is amended</source>
        <translation>修订已签署报告的理由</translation>
    </message>
    <message>
        <source>Why, a word will do</source>
        <translation>原因，一个词即可</translation>
    </message>
    <message>
        <source>Why: this goes on record for both</source>
        <translation>原因：将记入双方的记录</translation>
    </message>
    <message>
        <source>Width (pixels)</source>
        <translation>宽度（像素）</translation>
    </message>
    <message>
        <source>Will be brought in</source>
        <translation>将导入</translation>
    </message>
    <message>
        <source>Window</source>
        <comment>range of brightness</comment>
        <translation>窗宽</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Wipe mucus or blood off the os, then retake.</source>
        <translation>请擦去宫颈外口的黏液或血液，然后重拍。</translation>
    </message>
    <message>
        <source>With the visit before</source>
        <translation>与上次就诊对照</translation>
    </message>
    <message>
        <source>Without an identifier it is not known whose they are, and they are left out.</source>
        <translation>没有编号，就不知道属于谁，因而会被略过。</translation>
    </message>
    <message>
        <source>Woman {code}</source>
        <translation>患者 {code}</translation>
    </message>
    <message>
        <source>Women</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Women on record</source>
        <translation>记录中的患者</translation>
    </message>
    <message>
        <source>Words</source>
        <comment>that are searched for</comment>
        <translation>关键词</translation>
    </message>
    <message>
        <source>Words</source>
        <translation>报告内容</translation>
    </message>
    <message numerus="yes">
        <source>Words found and made black: %n box(es) in {pictures}.</source>
        <translation>
            <numerusform>已找到文字并涂黑：{pictures}中的 %n 个框。</numerusform>
        </translation>
    </message>
    <message>
        <source>Words in the line</source>
        <translation>行中的文字</translation>
    </message>
    <message>
        <source>Words in the picture</source>
        <translation>图像中的文字</translation>
    </message>
    <message>
        <source>Words of the report, CIN 2</source>
        <translation>报告文字，如 CIN 2</translation>
    </message>
    <message>
        <source>Words that are found in pictures are made black.</source>
        <translation>图像中找到的文字会被涂黑。</translation>
    </message>
    <message>
        <source>Working out ...</source>
        <translation>正在计算...</translation>
    </message>
    <message>
        <source>Write a note</source>
        <translation>写备注</translation>
    </message>
    <message>
        <source>Write your name to sign.</source>
        <translation>请填写姓名以签署。</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>正在写入</translation>
    </message>
    <message>
        <source>Writing the PDF</source>
        <translation>正在写入 PDF</translation>
    </message>
    <message>
        <source>Writing the audit trail</source>
        <translation>正在写入审计追踪</translation>
    </message>
    <message>
        <source>Writing the video</source>
        <translation>正在写入视频</translation>
    </message>
    <message>
        <source>Written to {path}: the model and its card, nothing of any patient. Tell who gets it this fingerprint of the key that signed it, {way}: {fingerprint}</source>
        <translation>已写入 {path}：模型及其模型卡，不含任何患者信息。请将签名密钥的指纹告知接收者（{way}）：{fingerprint}</translation>
    </message>
    <message>
        <source>Written, WITH NAMES: {visits}, {files}.</source>
        <translation>已写入，含姓名：{visits}，{files}。</translation>
    </message>
    <message>
        <source>Written, under pseudonyms: {women}, {visits}, {pictures}.</source>
        <translation>已写入，使用化名：{women}，{visits}，{pictures}。</translation>
    </message>
    <message>
        <source>Written: {path}.</source>
        <translation>已写入：{path}。</translation>
    </message>
    <message>
        <source>YES: allergic to iodine</source>
        <translation>是：对碘过敏</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨日</translation>
    </message>
    <message>
        <source>You</source>
        <translation>当前用户</translation>
    </message>
    <message>
        <source>You can go on working meanwhile. Stopped, it keeps what is done.</source>
        <translation>在此期间可继续工作。如停止，已完成的内容会保留。</translation>
    </message>
    <message>
        <source>You decided: {grade}, after AI. Another grade changes it.</source>
        <translation>你的裁定：{grade}，在 AI 之后。选择其他级别可更改。</translation>
    </message>
    <message>
        <source>You decided: {grade}. Another grade changes it.</source>
        <translation>你的裁定：{grade}。选择其他级别可更改。</translation>
    </message>
    <message>
        <source>You read it yourself: the label will say that one of those who differed decided</source>
        <translation>你本人也阅过此片：标注会注明由意见不同者之一裁定</translation>
    </message>
    <message>
        <source>You read: {grade}, after AI. Another grade changes it.</source>
        <translation>你的阅片：{grade}，在 AI 之后。选择其他级别可更改。</translation>
    </message>
    <message>
        <source>You read: {grade}. Another grade changes it.</source>
        <translation>你的阅片：{grade}。选择其他级别可更改。</translation>
    </message>
    <message>
        <source>Your &amp;name</source>
        <translation>姓名(&amp;N)</translation>
    </message>
    <message>
        <source>Your first read</source>
        <translation>你的首次阅片</translation>
    </message>
    <message>
        <source>Your impression in the end</source>
        <translation>你的最终印象</translation>
    </message>
    <message>
        <source>Your name</source>
        <translation>你的姓名</translation>
    </message>
    <message>
        <source>Your own read first, then the AI</source>
        <translation>先自己阅片，再看 AI</translation>
    </message>
    <message>
        <source>Your password</source>
        <translation>你的密码</translation>
    </message>
    <message>
        <source>Your password is changed.</source>
        <translation>密码已更改。</translation>
    </message>
    <message>
        <source>Your password, to sign</source>
        <translation>输入密码以签名</translation>
    </message>
    <message>
        <source>Your read is recorded as {unnamed}.</source>
        <translation>你的阅片记录为 {unnamed}。</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Zoom {zoom:.1f} x</source>
        <translation>缩放 {zoom:.1f} x</translation>
    </message>
    <message>
        <source>[ and ], Ctrl+arrows</source>
        <translation>[ 和 ]、Ctrl+方向键</translation>
    </message>
    <message>
        <source>a DICOM photograph (VL Photographic, VL Endoscopic or Secondary Capture)</source>
        <translation>DICOM 照片（VL Photographic、VL Endoscopic 或 Secondary Capture）</translation>
    </message>
    <message>
        <source>a PNG, JPEG, TIFF, BMP, WebP or HEIC picture</source>
        <translation>PNG、JPEG、TIFF、BMP、WebP 或 HEIC 图像</translation>
    </message>
    <message>
        <source>a backup with --check puts it there anew, where the library has it whole</source>
        <translation>如病例库中的内容完整，使用 --check 备份可将其重新写入</translation>
    </message>
    <message>
        <source>a biopsy has a pin</source>
        <translation>活检须有活检标记</translation>
    </message>
    <message>
        <source>a brace in the closing words is not closed: fields are {fields}, a brace itself is {opening} or {closing}</source>
        <translation>结束语中有花括号未闭合：字段为 {fields}，花括号本身写作 {opening} 或 {closing}</translation>
    </message>
    <message>
        <source>a case gives no number to learn from</source>
        <translation>有一例未得出可供训练的数值</translation>
    </message>
    <message>
        <source>a contour</source>
        <translation>轮廓</translation>
    </message>
    <message>
        <source>a dark frame is made of {least} frames or more, not {frames}</source>
        <translation>暗帧由至少 {least} 帧生成，而不是 {frames} 帧</translation>
    </message>
    <message>
        <source>a demonstration model trained on phantoms</source>
        <translation>基于模拟体模训练的演示模型</translation>
    </message>
    <message>
        <source>a device, not a file</source>
        <translation>是设备，不是文件</translation>
    </message>
    <message>
        <source>a document, not a picture</source>
        <translation>是文档，不是图像</translation>
    </message>
    <message>
        <source>a file of the system, not of an examination</source>
        <translation>系统文件，不是检查文件</translation>
    </message>
    <message>
        <source>a frame of it is damaged</source>
        <translation>其中一帧已损坏</translation>
    </message>
    <message>
        <source>a frame of it is no JPEG</source>
        <translation>其中一帧不是 JPEG</translation>
    </message>
    <message>
        <source>a frame of it is not of the size that it says</source>
        <translation>其中一帧的大小与其所述不符</translation>
    </message>
    <message>
        <source>a frame of the camera came damaged: {why}</source>
        <translation>相机传来的一帧已损坏：{why}</translation>
    </message>
    <message>
        <source>a frame of {name} came damaged</source>
        <translation>{name} 传来的一帧已损坏</translation>
    </message>
    <message>
        <source>a frame takes far more room than it would unpacked</source>
        <translation>有一帧占用的空间远大于解包后的大小</translation>
    </message>
    <message>
        <source>a heatmap is drawn of one case at a time</source>
        <translation>热图一次只绘制一例</translation>
    </message>
    <message>
        <source>a hidden file</source>
        <translation>隐藏文件</translation>
    </message>
    <message>
        <source>a kept answer cannot be read ({error})</source>
        <translation>无法读取保存的结果（{error}）</translation>
    </message>
    <message>
        <source>a lamp goes back to white light by itself {seconds:.0f} seconds after the last command</source>
        <translation>最后一条指令 {seconds:.0f} 秒后，光源灯会自动恢复白光</translation>
    </message>
    <message>
        <source>a lesion of this visit is drawn on the picture</source>
        <translation>该图像上绘有本次就诊的病变</translation>
    </message>
    <message>
        <source>a library of this program, not a folder of pictures</source>
        <translation>是本程序的病例库，不是图像文件夹</translation>
    </message>
    <message>
        <source>a library that is open for reading only is not repaired</source>
        <translation>以只读方式打开的病例库不会被修复</translation>
    </message>
    <message>
        <source>a library that is open read-only is not swept</source>
        <translation>以只读方式打开的病例库不会被清理</translation>
    </message>
    <message>
        <source>a library was made in {path}, and then {problem}</source>
        <translation>已在 {path} 创建病例库，随后{problem}</translation>
    </message>
    <message>
        <source>a line is longer than any line of an audit trail: the rest was not read</source>
        <translation>有一行超过审计追踪中任何一行的长度：其余部分未读取</translation>
    </message>
    <message>
        <source>a line of the manifest</source>
        <translation>清单中的一行</translation>
    </message>
    <message>
        <source>a link that leads nowhere or in a circle</source>
        <translation>链接没有目标或循环指向</translation>
    </message>
    <message>
        <source>a link that leads out of the folder</source>
        <translation>链接指向文件夹之外</translation>
    </message>
    <message>
        <source>a link to what is looked at where it lies</source>
        <translation>链接的目标会在其所在位置查看</translation>
    </message>
    <message>
        <source>a link, not a file</source>
        <translation>是链接，不是文件</translation>
    </message>
    <message>
        <source>a little bright</source>
        <translation>略亮</translation>
    </message>
    <message>
        <source>a little dark</source>
        <translation>略暗</translation>
    </message>
    <message>
        <source>a little soft</source>
        <translation>略模糊</translation>
    </message>
    <message>
        <source>a manifest names white-light and fluorescence pictures; this model reads {sources}</source>
        <translation>清单列有白光和荧光图像；此模型读取{sources}</translation>
    </message>
    <message>
        <source>a map needs frames over {least:g} seconds</source>
        <translation>生成醋白变化图需要超过 {least:g} 秒的帧</translation>
    </message>
    <message>
        <source>a map to start from is 3 x 3 numbers</source>
        <translation>初始变换应为 3 x 3 个数</translation>
    </message>
    <message>
        <source>a map to start from makes the picture vanish</source>
        <translation>初始变换使图像消失</translation>
    </message>
    <message>
        <source>a map to start from puts the middle at infinity</source>
        <translation>初始变换将中心置于无穷远</translation>
    </message>
    <message>
        <source>a model is being learned from this library</source>
        <translation>正在用本病例库训练模型</translation>
    </message>
    <message>
        <source>a model trained on {data}</source>
        <translation>一个以{data}训练的模型</translation>
    </message>
    <message>
        <source>a name in {where}</source>
        <translation>{where} 中的名称</translation>
    </message>
    <message>
        <source>a name that ends in {suffix}</source>
        <translation>以 {suffix} 结尾的名称</translation>
    </message>
    <message>
        <source>a name without an ending</source>
        <translation>没有扩展名的名称</translation>
    </message>
    <message>
        <source>a network needs each of its sources once</source>
        <translation>网络的每种光源须有且仅有一次</translation>
    </message>
    <message>
        <source>a number far too large</source>
        <translation>过大的数</translation>
    </message>
    <message>
        <source>a number in it has too many digits</source>
        <translation>其中某个数的位数过多</translation>
    </message>
    <message>
        <source>a pair needs at least one picture</source>
        <translation>配对至少需要一张图像</translation>
    </message>
    <message>
        <source>a pair stands in the task twice</source>
        <translation>任务中有一个配对出现两次</translation>
    </message>
    <message>
        <source>a part of it is damaged</source>
        <translation>其中一部分已损坏</translation>
    </message>
    <message>
        <source>a part of it is missing</source>
        <translation>其中一部分缺失</translation>
    </message>
    <message>
        <source>a part of this clip cannot be read: {why}</source>
        <translation>此视频片段有一部分无法读取：{why}</translation>
    </message>
    <message>
        <source>a patient needs an identifier</source>
        <translation>患者须有编号</translation>
    </message>
    <message>
        <source>a picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>a picture is missing or was altered</source>
        <translation>有图像缺失或被改动</translation>
    </message>
    <message>
        <source>a picture is smaller than {least} pixels</source>
        <translation>有图像小于 {least} 像素</translation>
    </message>
    <message>
        <source>a picture is too narrow to be compared</source>
        <translation>有图像太窄，无法比较</translation>
    </message>
    <message>
        <source>a picture must be rows x columns x 3 in 8 bits, not {size} {kind}</source>
        <translation>图像须为 8 位的行 x 列 x 3，而不是 {size} {kind}</translation>
    </message>
    <message>
        <source>a picture of the pair is not in the light of its camera</source>
        <translation>配对中有一张图像的光源与其相机不符</translation>
    </message>
    <message>
        <source>a picture of the same second, whose file is missing or altered, is on record for another woman ({identifier})</source>
        <translation>有一张同一秒拍摄的图像，其文件缺失或被改动，在记录中属于另一位患者（{identifier}）</translation>
    </message>
    <message>
        <source>a picture of the sequence is no longer in this visit</source>
        <translation>序列中有一张图像已不在本次就诊中</translation>
    </message>
    <message>
        <source>a picture of this pair is missing or damaged, or the library cannot be read now</source>
        <translation>此配对有图像缺失或损坏，或病例库目前无法读取</translation>
    </message>
    <message>
        <source>a pipe, not a file</source>
        <translation>是管道，不是文件</translation>
    </message>
    <message>
        <source>a plan has at most {most} steps</source>
        <translation>检查方案最多有 {most} 个步骤</translation>
    </message>
    <message>
        <source>a plan needs at least one step</source>
        <translation>检查方案至少需要一个步骤</translation>
    </message>
    <message>
        <source>a point of the scale lies outside of its picture</source>
        <translation>比例尺的一个点位于其图像之外</translation>
    </message>
    <message>
        <source>a point to be mapped is not a finite number</source>
        <translation>待映射的点不是有限数</translation>
    </message>
    <message>
        <source>a publisher without a name</source>
        <translation>未具名的发布者</translation>
    </message>
    <message>
        <source>a read says a grade, or why there is none</source>
        <translation>阅片须给出级别，或说明没有级别的原因</translation>
    </message>
    <message>
        <source>a reason has at most {most} characters</source>
        <translation>理由最多 {most} 个字符</translation>
    </message>
    <message>
        <source>a recovery key has {letters} in it, which none has</source>
        <translation>恢复密钥中有 {letters}，而任何恢复密钥都不含这些字符</translation>
    </message>
    <message>
        <source>a recovery key has {number} letters and digits, which none has</source>
        <translation>恢复密钥有 {number} 个字母和数字，而任何恢复密钥都不是这个长度</translation>
    </message>
    <message>
        <source>a recovery key was shown on {day}, and nobody said that it is kept: if it is not on paper, make a new one in Settings</source>
        <translation>{day} 曾显示过一个恢复密钥，但无人确认已保存：如果没有写在纸上，请在“设置”中生成新的恢复密钥</translation>
    </message>
    <message>
        <source>a region needs at least three corners</source>
        <translation>区域至少需要三个顶点</translation>
    </message>
    <message>
        <source>a report as PDF holds names and cannot go into an export for research</source>
        <translation>PDF 报告含有姓名，不能纳入研究用导出</translation>
    </message>
    <message>
        <source>a report has no field {field}: there are {fields}</source>
        <translation>报告没有字段 {field}：可用字段为 {fields}</translation>
    </message>
    <message>
        <source>a report has no section {sections}</source>
        <translation>报告没有 {sections} 部分</translation>
    </message>
    <message>
        <source>a report is amended for a reason</source>
        <translation>修订报告须说明理由</translation>
    </message>
    <message>
        <source>a result is overdue after {least} to {most} days</source>
        <translation>结果逾期的天数须在 {least} 至 {most} 天之间</translation>
    </message>
    <message>
        <source>a run was cut short</source>
        <translation>有一次运行中途中断</translation>
    </message>
    <message>
        <source>a scale needs two points</source>
        <translation>比例尺需要两个点</translation>
    </message>
    <message>
        <source>a second read comes after the AI was revealed</source>
        <translation>第二次阅片须在显示 AI 之后</translation>
    </message>
    <message>
        <source>a second read that departs from the AI needs a reason</source>
        <translation>与 AI 不同的第二次阅片须说明理由</translation>
    </message>
    <message>
        <source>a sequence in it is broken</source>
        <translation>其中有一个序列已损坏</translation>
    </message>
    <message>
        <source>a signature needs a printed name and what it means</source>
        <translation>签名须有正楷姓名及其含义</translation>
    </message>
    <message>
        <source>a socket, not a file</source>
        <translation>是套接字，不是文件</translation>
    </message>
    <message>
        <source>a structured report needs a picture, and findings or an answer about it</source>
        <translation>结构化报告需要一张图像，以及与其有关的所见或结果</translation>
    </message>
    <message>
        <source>a task needs a name of at most {most} letters</source>
        <translation>任务须有名称，最多 {most} 个字符</translation>
    </message>
    <message>
        <source>a task needs pairs, and the search found none</source>
        <translation>任务需要配对，而搜索未找到任何配对</translation>
    </message>
    <message>
        <source>a video could not be written to {folder}</source>
        <translation>无法将视频写入 {folder}</translation>
    </message>
    <message>
        <source>a video has many</source>
        <translation>视频含多个时刻</translation>
    </message>
    <message>
        <source>a video in a zip cannot be read there</source>
        <translation>zip 中的视频无法在其中读取</translation>
    </message>
    <message>
        <source>a video of this kind has a name that ends with {ending}</source>
        <translation>此类视频的名称以 {ending} 结尾</translation>
    </message>
    <message>
        <source>a visit without an impression cannot be signed</source>
        <translation>没有印象的就诊不能签署</translation>
    </message>
    <message>
        <source>a worker process ended unexpectedly</source>
        <translation>一个工作进程意外结束</translation>
    </message>
    <message>
        <source>a zip under another name</source>
        <translation>使用其他名称的 zip</translation>
    </message>
    <message>
        <source>a zip within a zip: unpack the outer one first</source>
        <translation>zip 中还有 zip：请先解压外层</translation>
    </message>
    <message>
        <source>a {thing}, {problem}</source>
        <translation>{thing}，{problem}</translation>
    </message>
    <message>
        <source>a {thing}: {problem}. Put it back from a backup</source>
        <translation>{thing}：{problem}。请从备份恢复</translation>
    </message>
    <message>
        <source>abnormal cytology</source>
        <translation>细胞学异常</translation>
    </message>
    <message>
        <source>about 000 s</source>
        <translation>约 000 秒</translation>
    </message>
    <message>
        <source>about the os as found</source>
        <translation>以检出的宫颈外口为中心</translation>
    </message>
    <message>
        <source>about {seconds:.0f} s</source>
        <translation>约 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>about {seconds:.0f} s after acid</source>
        <translation>醋酸后约 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>account</source>
        <comment>kind of record</comment>
        <translation>账户</translation>
    </message>
    <message>
        <source>accounts are kept here</source>
        <translation>此处设有账户</translation>
    </message>
    <message>
        <source>acetic acid</source>
        <translation>醋酸</translation>
    </message>
    <message>
        <source>acetic acid is on already</source>
        <translation>已涂醋酸</translation>
    </message>
    <message>
        <source>acid</source>
        <comment>step of an examination</comment>
        <translation>醋酸</translation>
    </message>
    <message>
        <source>acquisition</source>
        <comment>kind of record</comment>
        <translation>采集</translation>
    </message>
    <message>
        <source>active</source>
        <comment>state of a run</comment>
        <translation>使用中</translation>
    </message>
    <message>
        <source>add a picture to the visit, and read it first</source>
        <translation>请为就诊添加图像，并先阅片</translation>
    </message>
    <message>
        <source>add cases of more patients</source>
        <translation>请添加更多患者的病例</translation>
    </message>
    <message>
        <source>add cases of more women</source>
        <translation>请添加更多患者的病例</translation>
    </message>
    <message>
        <source>add graded cases of more patients</source>
        <translation>请添加更多患者的已分级病例</translation>
    </message>
    <message>
        <source>add one line a case below the header</source>
        <translation>请在标题行下方每例添加一行</translation>
    </message>
    <message>
        <source>add pictures first</source>
        <translation>请先添加图像</translation>
    </message>
    <message>
        <source>add the lesion in Findings first</source>
        <translation>请先在“所见”中添加病变</translation>
    </message>
    <message>
        <source>add the other picture to this visit</source>
        <translation>请将另一张图像添加到本次就诊</translation>
    </message>
    <message>
        <source>add the user to the group video (sudo usermod -aG video USER), then sign in again</source>
        <translation>请将用户加入 video 组（sudo usermod -aG video USER），然后重新登录</translation>
    </message>
    <message>
        <source>add the visit to that patient, or correct the identifier</source>
        <translation>请将就诊添加给该患者，或更正编号</translation>
    </message>
    <message>
        <source>adenocarcinoma</source>
        <translation>腺癌</translation>
    </message>
    <message>
        <source>adenocarcinoma in situ</source>
        <translation>原位腺癌</translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Examination</comment>
        <translation>满意（充分）</translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Vagina</comment>
        <translation>满意（充分）</translation>
    </message>
    <message>
        <source>adjudicated</source>
        <translation>已裁定</translation>
    </message>
    <message>
        <source>adjudicated by one who differed</source>
        <translation>由意见不同者之一裁定</translation>
    </message>
    <message>
        <source>adjudicated by one who differed, after AI</source>
        <translation>由意见不同者之一裁定，在 AI 之后</translation>
    </message>
    <message>
        <source>adjudicated, after AI</source>
        <translation>已裁定，在 AI 之后</translation>
    </message>
    <message>
        <source>adjudicator</source>
        <translation>裁定员</translation>
    </message>
    <message>
        <source>administrator</source>
        <translation>管理员</translation>
    </message>
    <message>
        <source>after</source>
        <comment>a change</comment>
        <translation>之后</translation>
    </message>
    <message>
        <source>after acetic acid</source>
        <translation>醋酸后</translation>
    </message>
    <message>
        <source>after acid, not timed</source>
        <translation>醋酸后，未计时</translation>
    </message>
    <message>
        <source>after treatment</source>
        <translation>治疗后</translation>
    </message>
    <message>
        <source>against its own start</source>
        <translation>与自身起始状态相比</translation>
    </message>
    <message>
        <source>against normal tissue</source>
        <translation>与正常组织相比</translation>
    </message>
    <message>
        <source>agrees with the AI</source>
        <translation>与 AI 一致</translation>
    </message>
    <message>
        <source>aligning ...</source>
        <translation>正在对齐...</translation>
    </message>
    <message>
        <source>alike in all cases</source>
        <translation>所有病例均相同</translation>
    </message>
    <message>
        <source>all</source>
        <comment>pairs read</comment>
        <translation>全部</translation>
    </message>
    <message>
        <source>all four quadrants</source>
        <translation>全部四个象限</translation>
    </message>
    <message>
        <source>all hours</source>
        <translation>全部钟点</translation>
    </message>
    <message>
        <source>all margin: left out</source>
        <translation>全为边缘：已略过</translation>
    </message>
    <message>
        <source>allergies</source>
        <comment>kind of record</comment>
        <translation>过敏史</translation>
    </message>
    <message>
        <source>allow it in the settings of the system</source>
        <translation>请在系统设置中允许</translation>
    </message>
    <message>
        <source>amber</source>
        <comment>light</comment>
        <translation>黄色</translation>
    </message>
    <message>
        <source>amend the report first (Review, Report), or record what is new at a new visit</source>
        <translation>请先修订报告（阅片、报告），或在新的就诊中记录新内容</translation>
    </message>
    <message>
        <source>amendment</source>
        <comment>kind of record</comment>
        <translation>修订</translation>
    </message>
    <message>
        <source>an account is never removed: what it did stays its doing</source>
        <translation>账户绝不会被移除：其所做操作始终归其名下</translation>
    </message>
    <message>
        <source>an account needs a name of at most 100 letters</source>
        <translation>账户需要一个不超过 100 个字符的名称</translation>
    </message>
    <message>
        <source>an account needs a role</source>
        <translation>账户需要一个角色</translation>
    </message>
    <message>
        <source>an allergy to iodine is on record of this woman: no picture after Lugol's iodine is taken</source>
        <translation>该患者有碘过敏记录：不拍摄卢戈碘液后的图像</translation>
    </message>
    <message>
        <source>an element in it has no length</source>
        <translation>其中一个元素没有长度</translation>
    </message>
    <message>
        <source>an element in it is longer than what is left of the file</source>
        <translation>其中一个元素的长度超过文件的剩余部分</translation>
    </message>
    <message>
        <source>an element in it is of no known kind</source>
        <translation>其中一个元素的类型未知</translation>
    </message>
    <message>
        <source>an examination has begun in the visit</source>
        <translation>该就诊中已开始一次检查</translation>
    </message>
    <message>
        <source>an export cannot lie inside the library</source>
        <translation>导出文件夹不能位于病例库内</translation>
    </message>
    <message>
        <source>an item in it is longer than what is left of the file</source>
        <translation>其中一个条目的长度超过文件的剩余部分</translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {one} that opens the library is not the one that the database knows</source>
        <translation>放回了较旧的密钥文件或较旧的数据库：能打开病例库的{one}与数据库所记的不是同一个</translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {several} that open the library are not those that the database knows</source>
        <translation>放回了较旧的密钥文件或较旧的数据库：能打开病例库的{several}与数据库所记的不一致</translation>
    </message>
    <message numerus="yes">
        <source>an older key file was put back: {names} (has|have) no password in it and cannot sign in. Set (that|their) (password|passwords) anew (Settings, People); where nobody can, the recovery key lets an administrator in</source>
        <translation>
            <numerusform>放回了较旧的密钥文件：其中没有 {names} 的密码，因此无法登录。请重新设置密码（设置、人员）；若无人能够设置，管理员可凭恢复密钥进入</numerusform>
        </translation>
    </message>
    <message>
        <source>an unexpected error; it is in the log</source>
        <translation>意外错误；已写入日志</translation>
    </message>
    <message>
        <source>an unknown way</source>
        <translation>未知方式</translation>
    </message>
    <message>
        <source>an update is being installed</source>
        <translation>正在安装更新</translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation>以及另外 {count} 项</translation>
    </message>
    <message>
        <source>and {more} more</source>
        <translation>以及另外 {more} 项</translation>
    </message>
    <message>
        <source>annotation</source>
        <comment>kind of record</comment>
        <translation>标注</translation>
    </message>
    <message>
        <source>annotator</source>
        <translation>标注员</translation>
    </message>
    <message>
        <source>another part of this clip has that number</source>
        <translation>该视频片段的另一部分已使用此编号</translation>
    </message>
    <message>
        <source>another patient</source>
        <translation>另一位患者</translation>
    </message>
    <message>
        <source>another pot of this visit is called {pot}</source>
        <translation>该就诊的另一标本瓶已名为 {pot}</translation>
    </message>
    <message>
        <source>another program</source>
        <translation>另一程序</translation>
    </message>
    <message>
        <source>another program has {name}</source>
        <translation>{name} 被另一程序占用</translation>
    </message>
    <message>
        <source>another program has {port}</source>
        <translation>{port} 被另一程序占用</translation>
    </message>
    <message>
        <source>another program is writing to it</source>
        <translation>另一程序正在写入</translation>
    </message>
    <message>
        <source>another program uses {name}</source>
        <translation>另一程序正在使用 {name}</translation>
    </message>
    <message>
        <source>another reader is still to read it</source>
        <translation>还需另一名阅片者阅片</translation>
    </message>
    <message>
        <source>another reason</source>
        <translation>其他原因</translation>
    </message>
    <message>
        <source>another run</source>
        <translation>另一次运行</translation>
    </message>
    <message>
        <source>another woman</source>
        <translation>另一位患者</translation>
    </message>
    <message>
        <source>anterior</source>
        <translation>前方</translation>
    </message>
    <message>
        <source>anterior</source>
        <comment>Vagina, where</comment>
        <translation>前壁</translation>
    </message>
    <message>
        <source>anterior left</source>
        <translation>左前</translation>
    </message>
    <message>
        <source>anterior right</source>
        <translation>右前</translation>
    </message>
    <message>
        <source>antiplatelet</source>
        <translation>抗血小板药</translation>
    </message>
    <message>
        <source>any words of the line, or of what was there before or after</source>
        <translation>该行中，或更改前后内容中的任意文字</translation>
    </message>
    <message>
        <source>as 14 Mar 2026</source>
        <translation>如 2026年3月14日</translation>
    </message>
    <message>
        <source>as far from it</source>
        <translation>与标注的差距不变</translation>
    </message>
    <message>
        <source>ask an administrator of the library to switch it on again</source>
        <translation>请病例库的管理员重新启用</translation>
    </message>
    <message>
        <source>ask an administrator of the library, or sign in as somebody who may</source>
        <translation>请联系病例库的管理员，或以有权限的人员登录</translation>
    </message>
    <message>
        <source>ask for 0 to {most}</source>
        <translation>请指定 0 至 {most}</translation>
    </message>
    <message>
        <source>ask for the permission to read it</source>
        <translation>请申请读取权限</translation>
    </message>
    <message>
        <source>ask for the update file for it</source>
        <translation>请索取适用于它的更新文件</translation>
    </message>
    <message>
        <source>ask its sender for it again</source>
        <translation>请发送者重新发送</translation>
    </message>
    <message>
        <source>ask who keeps it for permission to open the folder, check its disk, or choose another library</source>
        <translation>请向其保管者申请打开该文件夹的权限，检查其磁盘，或选择另一病例库</translation>
    </message>
    <message>
        <source>ask whoever gave it to you for an update file for this version</source>
        <translation>请向提供者索取适用于此版本的更新文件</translation>
    </message>
    <message>
        <source>ask whoever looks after this computer for the right to (on Linux mostly the group dialout)</source>
        <translation>请向负责这台计算机的人员申请此权限（在 Linux 上通常为 dialout 组）</translation>
    </message>
    <message>
        <source>asking the model</source>
        <translation>正在查询模型</translation>
    </message>
    <message>
        <source>assessment</source>
        <comment>kind of record</comment>
        <translation>评估</translation>
    </message>
    <message>
        <source>assign it to a patient first</source>
        <translation>请先将其分配给一位患者</translation>
    </message>
    <message>
        <source>at most</source>
        <comment>so many pairs</comment>
        <translation>最多</translation>
    </message>
    <message numerus="yes">
        <source>at most %n time(s) a second there and back</source>
        <translation>
            <numerusform>每秒最多往返 %n 次</numerusform>
        </translation>
    </message>
    <message>
        <source>at the os</source>
        <translation>宫颈外口处</translation>
    </message>
    <message>
        <source>at {clock}</source>
        <translation>于 {clock}</translation>
    </message>
    <message>
        <source>at {clock}, no fluorescence</source>
        <translation>于 {clock}，无荧光</translation>
    </message>
    <message>
        <source>at {time}</source>
        <translation>于 {time}</translation>
    </message>
    <message>
        <source>atypical vessels</source>
        <translation>异型血管</translation>
    </message>
    <message>
        <source>audit trail: its end is not line {last}, as the library notes: lines at the end were altered or removed</source>
        <translation>审计追踪：其末尾不是病例库所记的第 {last} 行：末尾的行被更改或删除</translation>
    </message>
    <message>
        <source>audit trail: line {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) is not what was written, or lines between it and line {last} were altered, removed or moved</source>
        <translation>审计追踪：第 {number} 行（{at:%Y-%m-%d %H:%M} UTC，{words!r}）与写入时不符，或该行与第 {last} 行之间的行被更改、删除或移动</translation>
    </message>
    <message>
        <source>audit trail: line {number} is not what was written: it cannot be read</source>
        <translation>审计追踪：第 {number} 行与写入时不符：无法读取</translation>
    </message>
    <message>
        <source>awaited</source>
        <comment>result</comment>
        <translation>待回报</translation>
    </message>
    <message>
        <source>back the library up, or repair it</source>
        <translation>请备份病例库，或修复病例库</translation>
    </message>
    <message>
        <source>banded</source>
        <translation>有条纹</translation>
    </message>
    <message>
        <source>barrier</source>
        <comment>Contraception</comment>
        <translation>屏障避孕</translation>
    </message>
    <message>
        <source>before</source>
        <comment>a change</comment>
        <translation>更改前</translation>
    </message>
    <message>
        <source>before acetic acid</source>
        <translation>醋酸前</translation>
    </message>
    <message>
        <source>before treatment</source>
        <translation>治疗前</translation>
    </message>
    <message>
        <source>began {seconds:.0f} s after acid</source>
        <translation>醋酸后 {seconds:.0f} 秒开始</translation>
    </message>
    <message>
        <source>begin it in Capture</source>
        <translation>请在“采集”中开始</translation>
    </message>
    <message>
        <source>begun</source>
        <comment>HPV vaccination</comment>
        <translation>已开始</translation>
    </message>
    <message>
        <source>being recorded</source>
        <translation>正在录制</translation>
    </message>
    <message>
        <source>being taken</source>
        <translation>正在拍摄</translation>
    </message>
    <message>
        <source>biopsy</source>
        <translation>活检</translation>
    </message>
    <message>
        <source>biopsy {letter}</source>
        <translation>活检 {letter}</translation>
    </message>
    <message>
        <source>biopsy {name}, {place}</source>
        <translation>活检 {name}，{place}</translation>
    </message>
    <message>
        <source>birth date</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>blank them, or leave the picture out</source>
        <translation>请将文字遮盖，或略过该图像</translation>
    </message>
    <message>
        <source>bleeding</source>
        <translation>出血</translation>
    </message>
    <message>
        <source>blend, curtain</source>
        <translation>混合、划动对比</translation>
    </message>
    <message>
        <source>blocked: iodine allergy</source>
        <translation>已禁止：碘过敏</translation>
    </message>
    <message>
        <source>blurred</source>
        <translation>模糊</translation>
    </message>
    <message>
        <source>born {birth_date}    ID {identifier}    visit {moment}</source>
        <translation>出生 {birth_date}    ID {identifier}    就诊 {moment}</translation>
    </message>
    <message>
        <source>born {born}, ID {identifier}</source>
        <translation>出生 {born}，ID {identifier}</translation>
    </message>
    <message>
        <source>born {day}</source>
        <translation>出生 {day}</translation>
    </message>
    <message>
        <source>born {day}   ID {identifier}</source>
        <translation>出生 {day}   ID {identifier}</translation>
    </message>
    <message>
        <source>both</source>
        <comment>Because of</comment>
        <translation>两者</translation>
    </message>
    <message>
        <source>both</source>
        <comment>sources</comment>
        <translation>两者</translation>
    </message>
    <message>
        <source>both sources</source>
        <comment>pictures of a visit</comment>
        <translation>两种光源</translation>
    </message>
    <message>
        <source>both sources</source>
        <translation>两种光源</translation>
    </message>
    <message>
        <source>both visits have pins of the same letter</source>
        <translation>两次就诊中有字母相同的活检标记</translation>
    </message>
    <message>
        <source>boxes to blank were drawn for {count} pictures that are not in this export</source>
        <translation>有 {count} 张不在本次导出中的图像画有遮盖框</translation>
    </message>
    <message>
        <source>bring a backup back beside the library with the earlier program: pfm library restore</source>
        <translation>请用较早的程序在病例库旁恢复一份备份：pfm library restore</translation>
    </message>
    <message>
        <source>bring it as a PNG</source>
        <translation>请以 PNG 格式导入</translation>
    </message>
    <message>
        <source>bring that version back, or give this run up and begin another one</source>
        <translation>请恢复该版本，或放弃本次训练并重新开始一次</translation>
    </message>
    <message>
        <source>bring that version back, or learn again</source>
        <translation>请恢复该版本，或重新训练</translation>
    </message>
    <message>
        <source>bring the backup of {snapshot} back with: pfm library restore {folder} NEW_FOLDER --at {snapshot}</source>
        <translation>请用以下命令恢复 {snapshot} 的备份：pfm library restore {folder} NEW_FOLDER --at {snapshot}</translation>
    </message>
    <message>
        <source>bring the file of a public FasterNet T0, T1 or T2 (fasternet_t*.in1k)</source>
        <translation>请提供公开的 FasterNet T0、T1 或 T2 的文件（fasternet_t*.in1k）</translation>
    </message>
    <message>
        <source>bring the same weights as .safetensors</source>
        <translation>请以 .safetensors 格式提供相同的权重</translation>
    </message>
    <message>
        <source>bring the weights as .safetensors, or import FasterNet weights with `pfm models import`</source>
        <translation>请以 .safetensors 格式提供权重，或用 `pfm models import` 导入 FasterNet 权重</translation>
    </message>
    <message>
        <source>brush</source>
        <comment>Taken with</comment>
        <translation>细胞刷</translation>
    </message>
    <message>
        <source>by itself</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>by key</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>by {day}</source>
        <translation>最迟 {day}</translation>
    </message>
    <message>
        <source>calibration</source>
        <comment>part of the cases</comment>
        <translation>校准</translation>
    </message>
    <message>
        <source>cameras by GenICam need a part that is not installed</source>
        <translation>GenICam 相机需要一个尚未安装的组件</translation>
    </message>
    <message>
        <source>cancer</source>
        <comment>grade</comment>
        <translation>癌</translation>
    </message>
    <message>
        <source>cannot</source>
        <comment>be graded</comment>
        <translation>无法分级</translation>
    </message>
    <message>
        <source>cannot be judged</source>
        <comment>Margins</comment>
        <translation>无法判断</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>cannot be read ({why})</source>
        <translation>无法读取（{why}）</translation>
    </message>
    <message>
        <source>cannot be read: left out</source>
        <translation>无法读取：已略过</translation>
    </message>
    <message>
        <source>cannot be told</source>
        <translation>无法得出</translation>
    </message>
    <message>
        <source>case {case} has no picture</source>
        <translation>病例 {case} 没有图像</translation>
    </message>
    <message>
        <source>cases of another clinic</source>
        <translation>其他机构的病例</translation>
    </message>
    <message>
        <source>cases of this clinic</source>
        <translation>本机构的病例</translation>
    </message>
    <message>
        <source>cervix as drawn</source>
        <translation>绘制的宫颈</translation>
    </message>
    <message>
        <source>cervix as found</source>
        <translation>程序找到的宫颈</translation>
    </message>
    <message>
        <source>cervix unsure</source>
        <translation>宫颈不确定</translation>
    </message>
    <message>
        <source>change its permissions or copy it to your own folder</source>
        <translation>请更改其权限，或将其复制到自己的文件夹</translation>
    </message>
    <message>
        <source>change one of them</source>
        <translation>请更改其中之一</translation>
    </message>
    <message>
        <source>change the plan</source>
        <translation>请更改检查方案</translation>
    </message>
    <message>
        <source>change the plan of examinations</source>
        <translation>更改检查方案</translation>
    </message>
    <message>
        <source>change visits, pictures and findings</source>
        <translation>更改就诊、图像和所见</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>已更改</translation>
    </message>
    <message>
        <source>check</source>
        <comment>registration</comment>
        <translation>需核对</translation>
    </message>
    <message>
        <source>check its cable</source>
        <translation>请检查其电缆</translation>
    </message>
    <message>
        <source>check its cable or its network</source>
        <translation>请检查其电缆或网络</translation>
    </message>
    <message>
        <source>check its name, its permissions and the disk</source>
        <translation>请检查其名称、权限和磁盘</translation>
    </message>
    <message>
        <source>check its permissions</source>
        <translation>请检查其权限</translation>
    </message>
    <message>
        <source>check its permissions and those of the folders above it, or set PFM_HOME to a folder of yours</source>
        <translation>请检查其权限及上级文件夹的权限，或将 PFM_HOME 设为自己的文件夹</translation>
    </message>
    <message>
        <source>check its power and its cable</source>
        <translation>请检查其电源和电缆</translation>
    </message>
    <message>
        <source>check length and points</source>
        <translation>请检查长度和点</translation>
    </message>
    <message>
        <source>check that its disk is connected</source>
        <translation>请检查其磁盘是否已连接</translation>
    </message>
    <message>
        <source>check that its disk or network share is connected, then try again</source>
        <translation>请检查其磁盘或网络共享是否已连接，然后重试</translation>
    </message>
    <message>
        <source>check that the camera is on</source>
        <translation>请检查相机是否已开启</translation>
    </message>
    <message>
        <source>check that the disk is connected and has free space, then try again</source>
        <translation>请检查磁盘是否已连接且有可用空间，然后重试</translation>
    </message>
    <message>
        <source>check that the set came from this library</source>
        <translation>请检查该数据集是否来自本病例库</translation>
    </message>
    <message>
        <source>check that you may write to that folder, then start again</source>
        <translation>请检查是否有该文件夹的写入权限，然后重新开始</translation>
    </message>
    <message>
        <source>check the address</source>
        <translation>请检查地址</translation>
    </message>
    <message>
        <source>check the disk</source>
        <translation>请检查磁盘</translation>
    </message>
    <message>
        <source>check the disk and its free space, then try again</source>
        <translation>请检查磁盘及其可用空间，然后重试</translation>
    </message>
    <message>
        <source>check the disk and its permissions</source>
        <translation>请检查磁盘及其权限</translation>
    </message>
    <message>
        <source>check the disk and the permissions</source>
        <translation>请检查磁盘和权限</translation>
    </message>
    <message>
        <source>check the disk or copy the file again</source>
        <translation>请检查磁盘，或重新复制文件</translation>
    </message>
    <message>
        <source>check the disk, then try again</source>
        <translation>请检查磁盘，然后重试</translation>
    </message>
    <message>
        <source>check the folder and its disk, or choose the other way of coding</source>
        <translation>请检查文件夹及其磁盘，或选择另一种编码方式</translation>
    </message>
    <message>
        <source>check the name and that its disk is connected</source>
        <translation>请检查名称，以及其磁盘是否已连接</translation>
    </message>
    <message>
        <source>check the name and the folder</source>
        <translation>请检查名称和文件夹</translation>
    </message>
    <message>
        <source>check the network</source>
        <translation>请检查网络</translation>
    </message>
    <message>
        <source>check the network and the address</source>
        <translation>请检查网络和地址</translation>
    </message>
    <message>
        <source>check the network, and that the camera is on</source>
        <translation>请检查网络，以及相机是否已开启</translation>
    </message>
    <message>
        <source>check the path in the address, user name and password</source>
        <translation>请检查地址中的路径、用户名和密码</translation>
    </message>
    <message>
        <source>check the permissions and the disk</source>
        <translation>请检查权限和磁盘</translation>
    </message>
    <message>
        <source>check the permissions of the folder and whether the disk is read-only</source>
        <translation>请检查文件夹的权限，以及磁盘是否为只读</translation>
    </message>
    <message>
        <source>check the pictures and grades it learns from, then train again</source>
        <translation>请检查训练所用的图像和级别，然后重新训练</translation>
    </message>
    <message>
        <source>check the pictures, or fetch the model again</source>
        <translation>请检查图像，或重新获取模型</translation>
    </message>
    <message>
        <source>check the pictures, start from another model, or train from nothing</source>
        <translation>请检查图像，以另一模型为起点，或从零开始训练</translation>
    </message>
    <message>
        <source>check the port of the address</source>
        <translation>请检查地址中的端口</translation>
    </message>
    <message>
        <source>check the trail, and look for the line in a backup</source>
        <translation>请校验审计追踪，并在备份中查找该行</translation>
    </message>
    <message>
        <source>check, {error}</source>
        <translation>需核对，{error}</translation>
    </message>
    <message>
        <source>check, {error}, by hand</source>
        <translation>需核对，{error}，手动</translation>
    </message>
    <message>
        <source>choose JPEG, PNG, TIFF, BMP, WebP, HEIC or DICOM pictures, or AVI or MKV videos (MJPG, FFV1)</source>
        <translation>请选择 JPEG、PNG、TIFF、BMP、WebP、HEIC 或 DICOM 图像，或 AVI 或 MKV 视频（MJPG、FFV1）</translation>
    </message>
    <message>
        <source>choose MJPEG or H.264 in the settings of the camera, and check the path in the address</source>
        <translation>请在相机设置中选择 MJPEG 或 H.264，并检查地址中的路径</translation>
    </message>
    <message>
        <source>choose a backup of this library</source>
        <translation>请选择本病例库的备份</translation>
    </message>
    <message>
        <source>choose a camera</source>
        <translation>请选择相机</translation>
    </message>
    <message>
        <source>choose a camera from the list, or give an address such as rtsp://192.168.0.20/stream</source>
        <translation>请从列表中选择相机，或给出地址，例如 rtsp://192.168.0.20/stream</translation>
    </message>
    <message>
        <source>choose a file of at most {most} GB</source>
        <translation>请选择不超过 {most} GB 的文件</translation>
    </message>
    <message>
        <source>choose a fluorescence picture</source>
        <translation>请选择荧光图像</translation>
    </message>
    <message>
        <source>choose a folder of its own for backups, best on another disk</source>
        <translation>请为备份选择单独的文件夹，最好在另一磁盘上</translation>
    </message>
    <message>
        <source>choose a folder outside of it for the library</source>
        <translation>请为病例库选择其外的文件夹</translation>
    </message>
    <message>
        <source>choose a folder somewhere else</source>
        <translation>请选择其他位置的文件夹</translation>
    </message>
    <message>
        <source>choose a folder that is empty or not there yet: nobody else may look into that of a library</source>
        <translation>请选择空的或尚不存在的文件夹：病例库的文件夹不得让任何其他人查看</translation>
    </message>
    <message>
        <source>choose a folder that is not there yet</source>
        <translation>请选择尚不存在的文件夹</translation>
    </message>
    <message>
        <source>choose a folder that is not there yet; a library is never written over</source>
        <translation>请选择尚不存在的文件夹；病例库绝不会被覆盖</translation>
    </message>
    <message>
        <source>choose a folder that you may write to</source>
        <translation>请选择有写入权限的文件夹</translation>
    </message>
    <message>
        <source>choose a folder that you may write to, on a disk with free space</source>
        <translation>请选择有写入权限且磁盘有可用空间的文件夹</translation>
    </message>
    <message>
        <source>choose a folder that you may write to, then try again</source>
        <translation>请选择有写入权限的文件夹，然后重试</translation>
    </message>
    <message>
        <source>choose a folder with PNG or JPEG files</source>
        <translation>请选择包含 PNG 或 JPEG 文件的文件夹</translation>
    </message>
    <message>
        <source>choose a multiple of {stride} up to {most}</source>
        <translation>请选择 {stride} 的倍数，最大 {most}</translation>
    </message>
    <message>
        <source>choose a new or an empty one</source>
        <translation>请选择新的或空的</translation>
    </message>
    <message>
        <source>choose a number from 0 to below 1</source>
        <translation>请选择大于等于 0 且小于 1 的数</translation>
    </message>
    <message>
        <source>choose a patient</source>
        <translation>请选择患者</translation>
    </message>
    <message>
        <source>choose a picture</source>
        <translation>请选择图像</translation>
    </message>
    <message>
        <source>choose a picture file that you may read</source>
        <translation>请选择有读取权限的图像文件</translation>
    </message>
    <message>
        <source>choose a picture of at least {least} pixels a side, better 1000</source>
        <translation>请选择每边至少 {least} 像素的图像，最好 1000 像素</translation>
    </message>
    <message>
        <source>choose a picture of at least {smallest} pixels a side, better 1000</source>
        <translation>请选择每边至少 {smallest} 像素的图像，最好 1000 像素</translation>
    </message>
    <message>
        <source>choose a picture of at most {megapixels} megapixels and {most_frames} frames</source>
        <translation>请选择不超过 {megapixels} 百万像素和 {most_frames} 帧的图像</translation>
    </message>
    <message>
        <source>choose a picture of at most {most} megapixels</source>
        <translation>请选择不超过 {most} 百万像素的图像</translation>
    </message>
    <message>
        <source>choose a place on the cervix that the first frame shows</source>
        <translation>请在第一帧可见的宫颈上选择一个位置</translation>
    </message>
    <message>
        <source>choose a recording or a folder of pictures</source>
        <translation>请选择一段录像或一个图像文件夹</translation>
    </message>
    <message>
        <source>choose a smaller one</source>
        <translation>请选择较小的</translation>
    </message>
    <message>
        <source>choose a value within</source>
        <translation>请选择范围内的值</translation>
    </message>
    <message>
        <source>choose a white-light picture</source>
        <translation>请选择白光图像</translation>
    </message>
    <message>
        <source>choose a whole number from {least} to {most}</source>
        <translation>请选择 {least} 至 {most} 的整数</translation>
    </message>
    <message>
        <source>choose an AVI or MKV file</source>
        <translation>请选择 AVI 或 MKV 文件</translation>
    </message>
    <message>
        <source>choose an earlier moment</source>
        <translation>请选择更早的时刻</translation>
    </message>
    <message>
        <source>choose an empty folder for backups</source>
        <translation>请选择空文件夹用于备份</translation>
    </message>
    <message>
        <source>choose an impression first</source>
        <translation>请先选择印象</translation>
    </message>
    <message>
        <source>choose an offset in days other than 0</source>
        <translation>请选择非 0 的天数偏移</translation>
    </message>
    <message>
        <source>choose another camera</source>
        <translation>请选择另一相机</translation>
    </message>
    <message>
        <source>choose another file</source>
        <translation>请选择另一文件</translation>
    </message>
    <message>
        <source>choose another folder</source>
        <translation>请选择另一文件夹</translation>
    </message>
    <message>
        <source>choose another folder or a new version</source>
        <translation>请选择另一文件夹或新的版本</translation>
    </message>
    <message>
        <source>choose another folder; each library has its own</source>
        <translation>请选择另一文件夹；每个病例库各有自己的文件夹</translation>
    </message>
    <message>
        <source>choose another impression instead: that is your second read</source>
        <translation>请改选另一印象：这将是第二次阅片</translation>
    </message>
    <message>
        <source>choose another model in Models first, to compare it with that</source>
        <translation>请先在“模型”中选择另一模型，以便与该模型比较</translation>
    </message>
    <message>
        <source>choose another model in Models, or roll back on the computer where {before} is</source>
        <translation>请在“模型”中选择另一模型，或在存有 {before} 的计算机上回退</translation>
    </message>
    <message>
        <source>choose another model, or leave that picture out</source>
        <translation>请选择另一模型，或略过该图像</translation>
    </message>
    <message>
        <source>choose another name</source>
        <translation>请选择另一名称</translation>
    </message>
    <message>
        <source>choose another name (on the command line with --name)</source>
        <translation>请选择另一名称（在命令行中用 --name）</translation>
    </message>
    <message>
        <source>choose another name for the model</source>
        <translation>请为模型选择另一名称</translation>
    </message>
    <message>
        <source>choose another one</source>
        <translation>请另选一个</translation>
    </message>
    <message>
        <source>choose another one in Models</source>
        <translation>请在“模型”中另选一个</translation>
    </message>
    <message>
        <source>choose another task, or ask who made it</source>
        <translation>请选择另一任务，或询问其创建者</translation>
    </message>
    <message>
        <source>choose another task, or ask who made it to open it again</source>
        <translation>请选择另一任务，或请其创建者重新开放</translation>
    </message>
    <message>
        <source>choose another value</source>
        <translation>请选择另一个值</translation>
    </message>
    <message>
        <source>choose another visit</source>
        <translation>请选择另一次就诊</translation>
    </message>
    <message>
        <source>choose another woman</source>
        <translation>请选择另一位患者</translation>
    </message>
    <message>
        <source>choose it again</source>
        <translation>请重新选择</translation>
    </message>
    <message>
        <source>choose it in Models</source>
        <translation>请在“模型”中选择它</translation>
    </message>
    <message>
        <source>choose one in Device</source>
        <translation>请在“设备”中选择一个</translation>
    </message>
    <message>
        <source>choose one in Findings</source>
        <translation>请在“所见”中选择一个</translation>
    </message>
    <message>
        <source>choose one of the two</source>
        <translation>请二者选一</translation>
    </message>
    <message>
        <source>choose one of this visit</source>
        <translation>请选择属于本次就诊的</translation>
    </message>
    <message>
        <source>choose one of those there are (the latest: {latest})</source>
        <translation>请从现有的中选择一个（最新：{latest}）</translation>
    </message>
    <message>
        <source>choose one of {splices}</source>
        <translation>请选择 {splices} 之一</translation>
    </message>
    <message>
        <source>choose one of {steps}</source>
        <translation>请选择 {steps} 之一</translation>
    </message>
    <message>
        <source>choose one of {variants}</source>
        <translation>请选择 {variants} 之一</translation>
    </message>
    <message>
        <source>choose one that it has</source>
        <translation>请选择其中存在的帧</translation>
    </message>
    <message>
        <source>choose one white-light and one fluorescence picture of one visit; say their stages first</source>
        <translation>请选择同一次就诊的一张白光图像和一张荧光图像；请先指定其阶段</translation>
    </message>
    <message>
        <source>choose one, or switch the account off</source>
        <translation>请选择一个角色，或停用该账户</translation>
    </message>
    <message>
        <source>choose the CSV file</source>
        <translation>请选择 CSV 文件</translation>
    </message>
    <message>
        <source>choose the folder that holds library.sqlite, or a backup</source>
        <translation>请选择包含 library.sqlite 的文件夹，或一个备份</translation>
    </message>
    <message>
        <source>choose the folder that holds {about} and the folder {snapshots}</source>
        <translation>请选择包含 {about} 和文件夹 {snapshots} 的文件夹</translation>
    </message>
    <message>
        <source>choose the folder that holds {file}, or put it back from a backup</source>
        <translation>请选择包含 {file} 的文件夹，或从备份中将其放回</translation>
    </message>
    <message>
        <source>choose the impression again (Findings); after the reveal it is the second read</source>
        <translation>请重新选择印象（所见）；显示 AI 结果之后，它即为第二次阅片</translation>
    </message>
    <message>
        <source>choose the picture itself</source>
        <translation>请选择图像本身</translation>
    </message>
    <message>
        <source>choose the port of the lamp, or switch the lamp off and on</source>
        <translation>请选择光源灯的端口，或将光源灯关闭后重新开启</translation>
    </message>
    <message>
        <source>choose the right one</source>
        <translation>请选择正确的</translation>
    </message>
    <message>
        <source>choose the update file (*.pfm-update)</source>
        <translation>请选择更新文件 (*.pfm-update)</translation>
    </message>
    <message>
        <source>choose the zip again</source>
        <translation>请重新选择 zip 文件</translation>
    </message>
    <message>
        <source>choose white light, fluorescence, or white light + one other</source>
        <translation>请选择白光、荧光，或白光 + 另一种</translation>
    </message>
    <message>
        <source>choose white, fluorescence or both</source>
        <translation>请选择白光、荧光或两者</translation>
    </message>
    <message>
        <source>choose {kinds}</source>
        <translation>请选择 {kinds}</translation>
    </message>
    <message>
        <source>choose {model} above and have it answer here, so that it is compared with that</source>
        <translation>请在上方选择 {model} 并由它在此给出结果，以便与该模型比较</translation>
    </message>
    <message>
        <source>class map</source>
        <translation>类别图</translation>
    </message>
    <message>
        <source>class map on the scale of the model</source>
        <translation>按模型标度的类别图</translation>
    </message>
    <message>
        <source>clear</source>
        <comment>Excision margins</comment>
        <translation>阴性（未受累）</translation>
    </message>
    <message>
        <source>click on the picture</source>
        <translation>请在图像上点击</translation>
    </message>
    <message>
        <source>clinician</source>
        <translation>临床医师</translation>
    </message>
    <message>
        <source>clinicians and administrators choose it</source>
        <translation>由临床医师和管理员选择</translation>
    </message>
    <message>
        <source>clip</source>
        <comment>kind of record</comment>
        <translation>视频片段</translation>
    </message>
    <message>
        <source>clips ({count})</source>
        <translation>视频片段（{count}）</translation>
    </message>
    <message>
        <source>close every program that has it open, then try again</source>
        <translation>请关闭所有打开它的程序，然后重试</translation>
    </message>
    <message>
        <source>close it there and ask for permission to write to the folder and the file 'lock' in it, and keep it on a disk that locks files</source>
        <translation>请在那里将其关闭，申请对该文件夹及其中文件“lock”的写入权限，并将病例库保存在支持文件锁定的磁盘上</translation>
    </message>
    <message>
        <source>close it, then try again</source>
        <translation>请将其关闭，然后重试</translation>
    </message>
    <message>
        <source>close other programs that show this camera</source>
        <translation>请关闭显示该相机画面的其他程序</translation>
    </message>
    <message>
        <source>close other programs to free memory, then start it again</source>
        <translation>请关闭其他程序以释放内存，然后重新启动</translation>
    </message>
    <message>
        <source>close other programs, then start it again</source>
        <translation>请关闭其他程序，然后重新启动</translation>
    </message>
    <message>
        <source>close the corners of a lesion</source>
        <translation>闭合病变轮廓</translation>
    </message>
    <message>
        <source>close the other program</source>
        <translation>请关闭另一程序</translation>
    </message>
    <message>
        <source>close the other program and open the library again</source>
        <translation>请关闭另一程序，并重新打开病例库</translation>
    </message>
    <message>
        <source>close the other program or wait a moment, then try again</source>
        <translation>请关闭另一程序或稍候，然后重试</translation>
    </message>
    <message>
        <source>close the other program, then try again</source>
        <translation>请关闭另一程序，然后重试</translation>
    </message>
    <message>
        <source>close the program there, then try again</source>
        <translation>请在那里关闭程序，然后重试</translation>
    </message>
    <message>
        <source>close the program, check that the disk or share is connected, and open the library again; put no backup in its place before it could be read and checked (pfm library verify)</source>
        <translation>请关闭程序，检查磁盘或共享是否已连接，然后重新打开病例库；在病例库能够读取并经检查（pfm library verify）之前，不要用备份替换它</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>closed</source>
        <comment>task</comment>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>coarse mosaic</source>
        <translation>粗镶嵌</translation>
    </message>
    <message>
        <source>coarse punctation</source>
        <translation>粗点状血管</translation>
    </message>
    <message>
        <source>cold-knife cone</source>
        <translation>冷刀锥切</translation>
    </message>
    <message>
        <source>colour profile without a name converted to sRGB</source>
        <translation>无名称的颜色配置文件已转换为 sRGB</translation>
    </message>
    <message>
        <source>colour profile {name} converted to sRGB</source>
        <translation>颜色配置文件 {name} 已转换为 sRGB</translation>
    </message>
    <message>
        <source>columnar epithelium (adenosis)</source>
        <translation>柱状上皮（腺病）</translation>
    </message>
    <message>
        <source>columnar epithelium, ectopy</source>
        <translation>柱状上皮，异位</translation>
    </message>
    <message>
        <source>compare and promote it in Fine-tune, in that library; one that is promoted is brought here there</source>
        <translation>请在该病例库的“微调”中比较并启用；在那里启用的模型会被带到此处</translation>
    </message>
    <message>
        <source>compare it with the printed one, group by group</source>
        <translation>请与打印的密钥逐组核对</translation>
    </message>
    <message>
        <source>compare them again</source>
        <translation>请重新比较</translation>
    </message>
    <message>
        <source>compare them first</source>
        <translation>请先进行比较</translation>
    </message>
    <message>
        <source>complete</source>
        <comment>HPV vaccination</comment>
        <translation>已完成</translation>
    </message>
    <message>
        <source>completely visible</source>
        <translation>完全可见</translation>
    </message>
    <message>
        <source>condyloma</source>
        <translation>湿疣</translation>
    </message>
    <message>
        <source>confirmed by hand; {reason}</source>
        <translation>已手动确认；{reason}</translation>
    </message>
    <message numerus="yes">
        <source>confirming %n picture(s)</source>
        <translation>
            <numerusform>确认 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>confirming who she is</source>
        <translation>确认患者身份</translation>
    </message>
    <message>
        <source>congenital anomaly</source>
        <translation>先天异常</translation>
    </message>
    <message>
        <source>congenital transformation zone</source>
        <translation>先天性转化区</translation>
    </message>
    <message>
        <source>connect the disk or put the folder back; or close the library and open it where it is now</source>
        <translation>请连接磁盘或将文件夹放回；或关闭病例库并在其当前位置打开</translation>
    </message>
    <message>
        <source>connect the disk, or open the library where it is now</source>
        <translation>请连接磁盘，或在病例库的当前位置打开它</translation>
    </message>
    <message>
        <source>consequence of treatment</source>
        <translation>治疗后改变</translation>
    </message>
    <message>
        <source>contours of lesions and SCJ lines ({count})</source>
        <translation>病变轮廓和 SCJ 线（{count}）</translation>
    </message>
    <message>
        <source>contours of the lesion are drawn</source>
        <translation>该病变已绘制轮廓</translation>
    </message>
    <message>
        <source>copy it again from where it came from</source>
        <translation>请从其来源处重新复制</translation>
    </message>
    <message>
        <source>copy it to the stick again; where that does not help, get it anew from where it came from</source>
        <translation>请重新复制到 U 盘；如仍不行，请从来源处重新获取</translation>
    </message>
    <message>
        <source>copy its folder as it stands, and put the last backup beside it: pfm library restore BACKUP NEW_FOLDER</source>
        <translation>请按原样复制其文件夹，并将最近的备份恢复到其旁边：pfm library restore BACKUP NEW_FOLDER</translation>
    </message>
    <message>
        <source>copy its folder as it stands, and {way_back}</source>
        <translation>请按原样复制其文件夹，并且{way_back}</translation>
    </message>
    <message>
        <source>copy or download it again</source>
        <translation>请重新复制或下载</translation>
    </message>
    <message>
        <source>copy or download the zip again</source>
        <translation>请重新复制或下载该 zip 文件</translation>
    </message>
    <message>
        <source>copy or export it again</source>
        <translation>请重新复制或导出</translation>
    </message>
    <message>
        <source>copy the library to a place that can be written</source>
        <translation>请将病例库复制到可以写入的位置</translation>
    </message>
    <message>
        <source>copy {keys} of the library to {file}, if it is still there, or the key file from another copy of this backup, and try again; without one nobody can open it</source>
        <translation>若病例库的 {keys} 仍在，请将其复制为 {file}，或从本备份的另一副本复制密钥文件，然后重试；没有密钥文件，任何人都无法打开</translation>
    </message>
    <message>
        <source>correct it, then try again</source>
        <translation>请更正，然后重试</translation>
    </message>
    <message>
        <source>correct the line</source>
        <translation>请更正该行</translation>
    </message>
    <message>
        <source>correct the manifest</source>
        <translation>请更正清单文件</translation>
    </message>
    <message>
        <source>correct these lines</source>
        <translation>请更正这些行</translation>
    </message>
    <message>
        <source>correct these lines; stages are {stages}, sources {sources}</source>
        <translation>请更正这些行；阶段为 {stages}，光源为 {sources}</translation>
    </message>
    <message>
        <source>could not make a library in {path}: {why}</source>
        <translation>无法在 {path} 创建病例库：{why}</translation>
    </message>
    <message>
        <source>could not move the demo library to {path}: {problem}</source>
        <translation>无法将演示病例库移动到 {path}：{problem}</translation>
    </message>
    <message>
        <source>could not write the copy {file}: {why}</source>
        <translation>无法写入副本 {file}：{why}</translation>
    </message>
    <message>
        <source>could not write {folder}: {why}</source>
        <translation>无法写入 {folder}：{why}</translation>
    </message>
    <message>
        <source>could not write {path}: {why}</source>
        <translation>无法写入 {path}：{why}</translation>
    </message>
    <message>
        <source>cover the lens or switch the lamp off, then take it again</source>
        <translation>请遮住镜头或关闭光源灯，然后重新拍摄</translation>
    </message>
    <message>
        <source>covered by blood, mucus or an instrument</source>
        <translation>被血液、黏液或器械遮盖</translation>
    </message>
    <message>
        <source>cryotherapy</source>
        <translation>冷冻治疗</translation>
    </message>
    <message>
        <source>cuffed crypt openings</source>
        <translation>袖口状腺开口</translation>
    </message>
    <message>
        <source>curette</source>
        <translation>刮匙</translation>
    </message>
    <message>
        <source>current</source>
        <comment>Smoking</comment>
        <translation>目前吸烟</translation>
    </message>
    <message>
        <source>cut short</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>cut short after {read:.3g} s of {declared:.3g} s</source>
        <translation>仅有 {read:.3g} 秒即中断，标称 {declared:.3g} 秒</translation>
    </message>
    <message>
        <source>cyst</source>
        <translation>囊肿</translation>
    </message>
    <message>
        <source>dark frame</source>
        <translation>暗帧</translation>
    </message>
    <message>
        <source>darken the room, look at lamp and filter, then take again</source>
        <translation>请调暗房间，检查光源灯和滤光片，然后重新拍摄</translation>
    </message>
    <message>
        <source>database: line {number} of {table} refers to a line of {other} that is not there</source>
        <translation>数据库：{table} 的第 {number} 行引用了 {other} 中不存在的一行</translation>
    </message>
    <message>
        <source>database: {problem}</source>
        <translation>数据库：{problem}</translation>
    </message>
    <message>
        <source>day of the visit</source>
        <translation>就诊日期</translation>
    </message>
    <message>
        <source>decide between reads</source>
        <translation>裁定阅片分歧</translation>
    </message>
    <message>
        <source>decided</source>
        <comment>by who decides between readers</comment>
        <translation>已裁定</translation>
    </message>
    <message>
        <source>deciduosis in pregnancy</source>
        <translation>妊娠期蜕膜样变</translation>
    </message>
    <message>
        <source>decisions between readers are written</source>
        <translation>将写入对阅片分歧的裁定</translation>
    </message>
    <message>
        <source>delete that file yourself: whoever opens it can look at it</source>
        <translation>请自行删除该文件：任何打开它的人都能查看</translation>
    </message>
    <message>
        <source>delete that folder yourself: its files can be read by whoever opens it</source>
        <translation>请自行删除该文件夹：任何打开它的人都能读取其中的文件</translation>
    </message>
    <message>
        <source>demo library</source>
        <translation>演示病例库</translation>
    </message>
    <message>
        <source>demonstration model, trained on phantoms</source>
        <translation>演示模型，基于模拟体模训练</translation>
    </message>
    <message>
        <source>dense acetowhite epithelium</source>
        <translation>厚醋白上皮</translation>
    </message>
    <message>
        <source>departs from the AI, no reason given</source>
        <translation>与 AI 不同，未说明理由</translation>
    </message>
    <message>
        <source>depends on the other items</source>
        <translation>取决于其他项目</translation>
    </message>
    <message>
        <source>device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>differs from the AI</source>
        <translation>与 AI 不同</translation>
    </message>
    <message>
        <source>differs from the AI, no reason given</source>
        <translation>与 AI 不同，未说明理由</translation>
    </message>
    <message>
        <source>discussed</source>
        <comment>MDT meeting</comment>
        <translation>已讨论</translation>
    </message>
    <message>
        <source>discussed</source>
        <translation>已讨论</translation>
    </message>
    <message>
        <source>divide it into several zips</source>
        <translation>请将其拆分为多个 zip 文件</translation>
    </message>
    <message>
        <source>do not install it; get the file anew from where the program came from</source>
        <translation>请勿安装；请从程序的来源处重新获取该文件</translation>
    </message>
    <message>
        <source>does not say what {key_file} says</source>
        <translation>与 {key_file} 的内容不一致</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>down</source>
        <comment>where to swing</comment>
        <translation>下</translation>
    </message>
    <message>
        <source>drag along what you draw, or click its corners</source>
        <translation>请拖动绘制，或逐个点击顶点</translation>
    </message>
    <message>
        <source>draw along the junction, or click points along it and press Enter</source>
        <translation>请沿交界绘制，或沿其依次点击各点并按 Enter</translation>
    </message>
    <message>
        <source>draw around the lesion, or click at least three corners</source>
        <translation>请围绕病变绘制，或点击至少三个顶点</translation>
    </message>
    <message>
        <source>draw around the whole cervix in one stroke, within the picture</source>
        <translation>请在图像内一笔圈出整个宫颈</translation>
    </message>
    <message>
        <source>draw class maps instead</source>
        <translation>请改为绘制类别图</translation>
    </message>
    <message>
        <source>draw it again: left, top, right, bottom in pixels</source>
        <translation>请重新绘制：左、上、右、下，以像素为单位</translation>
    </message>
    <message>
        <source>draw it at the size of that picture</source>
        <translation>请按该图像的尺寸绘制</translation>
    </message>
    <message>
        <source>draw on the picture</source>
        <translation>请在图像上绘制</translation>
    </message>
    <message>
        <source>draw the cervix (C)</source>
        <translation>绘制宫颈（C）</translation>
    </message>
    <message>
        <source>draw the cervix (C; Shift+C: as found)</source>
        <translation>绘制宫颈（C；Shift+C：采用程序找到的）</translation>
    </message>
    <message>
        <source>draw the lesion in white on black; it looks inverted, or like the picture itself</source>
        <translation>请在黑底上用白色绘制病变；目前看起来像是反色，或像是图像本身</translation>
    </message>
    <message>
        <source>drawn on both pictures, measured on the white-light one</source>
        <translation>在两张图像上绘制，在白光图像上测量</translation>
    </message>
    <message>
        <source>drawn: {drawings}</source>
        <translation>已绘制：{drawings}</translation>
    </message>
    <message>
        <source>dropout = {share} does not fit a network</source>
        <translation>dropout = {share} 不适用于网络</translation>
    </message>
    <message>
        <source>each backup holds it as {files}, and pfm library repair LIBRARY --from BACKUP puts it back</source>
        <translation>每个备份中都保存为 {files}，用 pfm library repair LIBRARY --from BACKUP 可将其放回</translation>
    </message>
    <message>
        <source>each picture here has a number of its own: they may be a count</source>
        <translation>此处每张图像各有一个编号：可能只是计数</translation>
    </message>
    <message>
        <source>each says why.</source>
        <translation>每项均注明原因。</translation>
    </message>
    <message>
        <source>earlier epochs are kept</source>
        <translation>先前的轮次已保留</translation>
    </message>
    <message>
        <source>either {key_file} is not the one of this library, or library.sqlite is damaged: put both back from the same backup (pfm library restore), or choose another library</source>
        <translation>{key_file} 不属于本病例库，或 library.sqlite 已损坏：请从同一备份中将两者放回（pfm library restore），或选择另一病例库</translation>
    </message>
    <message>
        <source>empty</source>
        <comment>cell of a table</comment>
        <translation>空</translation>
    </message>
    <message>
        <source>encrypted: unpack the zip with its password first</source>
        <translation>已加密：请先用密码解压该 zip 文件</translation>
    </message>
    <message>
        <source>end the recording first</source>
        <translation>请先结束录制</translation>
    </message>
    <message>
        <source>ended without a model</source>
        <translation>结束，未产生模型</translation>
    </message>
    <message>
        <source>endocervical sampling</source>
        <translation>宫颈管取样</translation>
    </message>
    <message>
        <source>endometriosis</source>
        <translation>子宫内膜异位症</translation>
    </message>
    <message>
        <source>enter the clinic's number</source>
        <translation>请输入患者的院内编号</translation>
    </message>
    <message>
        <source>enter the clinic's number, or a name</source>
        <translation>请输入患者的院内编号或姓名</translation>
    </message>
    <message>
        <source>epoch</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>epoch {best:,} was taken</source>
        <translation>采用第 {best:,} 轮</translation>
    </message>
    <message>
        <source>epoch {epoch}</source>
        <translation>第 {epoch} 轮</translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, loss {loss:.3f}, {speed:.0f} pairs/s</source>
        <translation>第 {epoch} 轮，共 {epochs} 轮，损失 {loss:.3f}，{speed:.0f} 对/秒</translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, validation loss {loss:.3f}</source>
        <translation>第 {epoch} 轮，共 {epochs} 轮，验证损失 {loss:.3f}</translation>
    </message>
    <message>
        <source>erosion</source>
        <translation>糜烂</translation>
    </message>
    <message>
        <source>erosion (traumatic)</source>
        <translation>糜烂（创伤性）</translation>
    </message>
    <message>
        <source>error not known</source>
        <translation>误差未知</translation>
    </message>
    <message>
        <source>error not known: 1 point only shifts the picture, so look whether the tissue fits or add points</source>
        <translation>误差未知：1 个点只能平移图像，请查看组织是否吻合，或添加点</translation>
    </message>
    <message>
        <source>error not known: 2 points only shift, turn and scale, so look whether the tissue fits or add points</source>
        <translation>误差未知：2 个点只能平移、旋转和缩放，请查看组织是否吻合，或添加点</translation>
    </message>
    <message>
        <source>error not known: 3 points always fit, so look whether the tissue fits or add points</source>
        <translation>误差未知：3 个点总能吻合，请查看组织是否吻合，或添加点</translation>
    </message>
    <message>
        <source>evaluate it with --sources {source}</source>
        <translation>请用 --sources {source} 进行评估</translation>
    </message>
    <message>
        <source>examination</source>
        <comment>kind of record</comment>
        <translation>检查</translation>
    </message>
    <message>
        <source>examiner</source>
        <translation>检查者</translation>
    </message>
    <message>
        <source>excision</source>
        <translation>切除</translation>
    </message>
    <message>
        <source>excitation light may still be on: {problem}. It goes out by itself within {time:.0f} seconds, and no white-light picture is taken until then</source>
        <translation>激发光可能仍开启：{problem}。它会在 {time:.0f} 秒内自行熄灭，在此之前不拍摄白光图像</translation>
    </message>
    <message>
        <source>exophytic lesion</source>
        <translation>外生性病变</translation>
    </message>
    <message>
        <source>export it again</source>
        <translation>请重新导出</translation>
    </message>
    <message>
        <source>export it again as CSV (UTF-8)</source>
        <translation>请重新导出为 CSV（UTF-8）</translation>
    </message>
    <message>
        <source>export it as an 8-bit RGB picture</source>
        <translation>请导出为 8 位 RGB 图像</translation>
    </message>
    <message>
        <source>export it where the library is open for writing</source>
        <translation>请在以可写方式打开病例库之处导出</translation>
    </message>
    <message>
        <source>export it with FFV1, as an MKV file</source>
        <translation>请用 FFV1 导出为 MKV 文件</translation>
    </message>
    <message>
        <source>export the pictures and the structured answer instead</source>
        <translation>请改为导出图像和结构化结果</translation>
    </message>
    <message>
        <source>exposure</source>
        <translation>曝光</translation>
    </message>
    <message>
        <source>faded to half at {seconds:.0f} s</source>
        <translation>于 {seconds:.0f} 秒消退至一半</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>failed</source>
        <comment>state of a run</comment>
        <translation>失败</translation>
    </message>
    <message>
        <source>far away</source>
        <translation>距离过远</translation>
    </message>
    <message>
        <source>farther from it</source>
        <translation>与标注的差距更大</translation>
    </message>
    <message>
        <source>fetch the model again</source>
        <translation>请重新获取模型</translation>
    </message>
    <message>
        <source>fetch the model again or choose another one</source>
        <translation>请重新获取模型，或另选一个</translation>
    </message>
    <message>
        <source>fewer readers than asked for</source>
        <translation>阅片者少于要求人数</translation>
    </message>
    <message>
        <source>fewer readers than asked for, after AI</source>
        <translation>阅片者少于要求人数，在 AI 之后</translation>
    </message>
    <message>
        <source>file names are relative to the manifest's folder</source>
        <translation>文件名相对于清单文件所在的文件夹</translation>
    </message>
    <message>
        <source>file names are relative to the manifest's folder, those in a zip follow its name (a.zip/1.jpg)</source>
        <translation>文件名相对于清单文件所在的文件夹，zip 中的文件名写在 zip 名称之后（a.zip/1.jpg）</translation>
    </message>
    <message>
        <source>files of the installation are missing or were changed: {files}</source>
        <translation>安装的文件缺失或已被更改：{files}</translation>
    </message>
    <message>
        <source>fill in both</source>
        <translation>请填写两项</translation>
    </message>
    <message>
        <source>find cases of these sources, or learn a model that reads those of the cases</source>
        <translation>请查找含这些光源的病例，或训练能读取这些病例光源的模型</translation>
    </message>
    <message>
        <source>findings</source>
        <comment>kind of record</comment>
        <translation>所见</translation>
    </message>
    <message>
        <source>fine lines: {threshold:.2f} and above</source>
        <translation>细线：{threshold:.2f} 及以上</translation>
    </message>
    <message>
        <source>fine mosaic</source>
        <translation>细镶嵌</translation>
    </message>
    <message>
        <source>fine punctation</source>
        <translation>细点状血管</translation>
    </message>
    <message>
        <source>first of {pictures} pictures in the file</source>
        <translation>文件中 {pictures} 张图像的第一张</translation>
    </message>
    <message>
        <source>fluorescence</source>
        <comment>pictures of a visit</comment>
        <translation>荧光</translation>
    </message>
    <message>
        <source>fluorescence</source>
        <translation>荧光</translation>
    </message>
    <message>
        <source>fluorescence after acid</source>
        <translation>醋酸后荧光</translation>
    </message>
    <message>
        <source>fluorescence before acid</source>
        <translation>醋酸前荧光</translation>
    </message>
    <message>
        <source>fluorescence picture</source>
        <translation>荧光图像</translation>
    </message>
    <message>
        <source>fluorescence {stage}</source>
        <translation>荧光 {stage}</translation>
    </message>
    <message>
        <source>fluorescence {when}</source>
        <translation>荧光 {when}</translation>
    </message>
    <message>
        <source>focus</source>
        <translation>对焦</translation>
    </message>
    <message>
        <source>folded</source>
        <translation>已折叠</translation>
    </message>
    <message>
        <source>folds the picture flat</source>
        <translation>会将图像压扁为一条线</translation>
    </message>
    <message>
        <source>follow up</source>
        <comment>kind of record</comment>
        <translation>随访</translation>
    </message>
    <message>
        <source>follow-up after treatment</source>
        <translation>治疗后随访</translation>
    </message>
    <message>
        <source>follow-up of a lesion</source>
        <translation>病变随访</translation>
    </message>
    <message>
        <source>for looking only: structures disagree, by hand</source>
        <translation>仅供查看：结构不一致，手动</translation>
    </message>
    <message>
        <source>former</source>
        <comment>Smoking</comment>
        <translation>曾吸烟</translation>
    </message>
    <message>
        <source>fragile vessels</source>
        <translation>脆性血管</translation>
    </message>
    <message>
        <source>frames a second</source>
        <translation>帧/秒</translation>
    </message>
    <message>
        <source>free</source>
        <comment>Margins</comment>
        <translation>阴性（未受累）</translation>
    </message>
    <message>
        <source>free some space or choose a folder that you may write to, then try again</source>
        <translation>请释放一些空间，或选择有写入权限的文件夹，然后重试</translation>
    </message>
    <message>
        <source>free some space or choose another disk, then export it again</source>
        <translation>请释放一些空间，或选择另一磁盘，然后重新导出</translation>
    </message>
    <message>
        <source>free some space, then open it again</source>
        <translation>请释放一些空间，然后重新打开</translation>
    </message>
    <message>
        <source>free some space, then open the library again</source>
        <translation>请释放一些空间，然后重新打开病例库</translation>
    </message>
    <message>
        <source>free some space, then try again</source>
        <translation>请释放一些空间，然后重试</translation>
    </message>
    <message>
        <source>from the beginning or before</source>
        <translation>自起始或更早</translation>
    </message>
    <message>
        <source>from {at}</source>
        <translation>自 {at} 起</translation>
    </message>
    <message>
        <source>from {threshold:.2f}</source>
        <translation>{threshold:.2f} 起</translation>
    </message>
    <message>
        <source>fully</source>
        <translation>完全</translation>
    </message>
    <message>
        <source>gain</source>
        <translation>增益</translation>
    </message>
    <message>
        <source>gamma {gamma:.1f}</source>
        <translation>伽马 {gamma:.1f}</translation>
    </message>
    <message>
        <source>give 0 or more</source>
        <translation>请输入 0 或更大的数</translation>
    </message>
    <message>
        <source>give 0 to 1800, or nothing</source>
        <translation>请输入 0 至 1800，或留空</translation>
    </message>
    <message>
        <source>give H x W x 3 uint8 RGB</source>
        <translation>请给出 H x W x 3 uint8 RGB</translation>
    </message>
    <message>
        <source>give a batch of one</source>
        <translation>请每次只给出一例</translation>
    </message>
    <message>
        <source>give a picture</source>
        <translation>请给出一张图像</translation>
    </message>
    <message>
        <source>give both or neither</source>
        <translation>请两者都给出，或都不给出</translation>
    </message>
    <message>
        <source>give each output a file of its own</source>
        <translation>请为每个输出指定各自的文件</translation>
    </message>
    <message>
        <source>give it another name</source>
        <translation>请使用另一名称</translation>
    </message>
    <message>
        <source>give one of them beside white light</source>
        <translation>请在白光之外只给出其中一种</translation>
    </message>
    <message>
        <source>give one such as rtsp://192.168.0.20/stream or http://192.168.0.20/video.mjpg</source>
        <translation>请给出例如 rtsp://192.168.0.20/stream 或 http://192.168.0.20/video.mjpg 的地址</translation>
    </message>
    <message>
        <source>give seconds since acid</source>
        <translation>请给出醋酸后的秒数</translation>
    </message>
    <message>
        <source>give the length in millimetres, as 10</source>
        <translation>请以毫米给出长度，如 10</translation>
    </message>
    <message>
        <source>give the pictures that it was trained on</source>
        <translation>请给出训练所用的图像</translation>
    </message>
    <message>
        <source>give the report another name, or move the file away</source>
        <translation>请为报告使用另一名称，或移走该文件</translation>
    </message>
    <message>
        <source>give the white-light picture as well, or give it as white light</source>
        <translation>请同时给出白光图像，或将其作为白光图像给出</translation>
    </message>
    <message>
        <source>give two numbers with a decimal point, such as 12.5,30</source>
        <translation>请给出两个带小数点的数，例如 12.5,30</translation>
    </message>
    <message>
        <source>give your own read; where readers differ somebody decides between them</source>
        <translation>请给出自己的阅片结果；阅片者不一致时，由专人裁定</translation>
    </message>
    <message>
        <source>given name</source>
        <translation>名</translation>
    </message>
    <message>
        <source>glare</source>
        <translation>反光</translation>
    </message>
    <message>
        <source>go back to Today and open it again</source>
        <translation>请返回“今日”并重新打开</translation>
    </message>
    <message>
        <source>go back to Today and open the visit again</source>
        <translation>请返回“今日”并重新打开该就诊</translation>
    </message>
    <message>
        <source>goes out</source>
        <translation>将导出</translation>
    </message>
    <message>
        <source>good</source>
        <comment>quality</comment>
        <translation>良好</translation>
    </message>
    <message>
        <source>grade</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>grade pairs of more women</source>
        <translation>请为更多患者的配对图像分级</translation>
    </message>
    <message>
        <source>grade the pairs of more women, or enter their histology</source>
        <translation>请为更多患者的配对图像分级，或录入其组织学结果</translation>
    </message>
    <message>
        <source>grades are {grades}</source>
        <translation>级别为 {grades}</translation>
    </message>
    <message>
        <source>green</source>
        <comment>step of an examination</comment>
        <translation>绿色滤镜</translation>
    </message>
    <message>
        <source>green</source>
        <comment>light</comment>
        <translation>绿色</translation>
    </message>
    <message>
        <source>green filter</source>
        <translation>绿色滤镜</translation>
    </message>
    <message>
        <source>green-filter picture</source>
        <translation>绿色滤镜图像</translation>
    </message>
    <message>
        <source>grey</source>
        <comment>light</comment>
        <translation>灰色</translation>
    </message>
    <message>
        <source>greyscale: one channel copied to three</source>
        <translation>灰度：一个通道复制为三个</translation>
    </message>
    <message>
        <source>half of it at {at}</source>
        <translation>{at} 时消退至一半</translation>
    </message>
    <message>
        <source>has bars of a flickering lamp</source>
        <translation>有光源灯频闪造成的条纹</translation>
    </message>
    <message>
        <source>has been done</source>
        <translation>已做过</translation>
    </message>
    <message>
        <source>has colours that are not read ({colours})</source>
        <translation>的颜色类型不支持读取（{colours}）</translation>
    </message>
    <message>
        <source>has even areas as on a screen</source>
        <translation>有类似屏幕的均匀区域</translation>
    </message>
    <message>
        <source>has no password yet</source>
        <translation>尚无密码</translation>
    </message>
    <message>
        <source>has too much glare</source>
        <translation>反光过多</translation>
    </message>
    <message>
        <source>has {stored} of {allocated} bits in a form that is not read</source>
        <translation>使用 {allocated} 位中的 {stored} 位，其形式不支持读取</translation>
    </message>
    <message>
        <source>have a model answer that has not (Models), or add women</source>
        <translation>请选用未用这些患者训练过的模型给出结果（“模型”），或增加患者</translation>
    </message>
    <message>
        <source>have a model answer that reads the same (Models), then compare again</source>
        <translation>请选用读取相同图像的模型给出结果（“模型”），然后重新比较</translation>
    </message>
    <message>
        <source>have it sent or exported as uncompressed DICOM, or as PNG or JPEG</source>
        <translation>请对方以未压缩的 DICOM，或以 PNG 或 JPEG 重新发送或导出</translation>
    </message>
    <message>
        <source>have the pair answered again</source>
        <translation>请为该配对图像重新获取结果</translation>
    </message>
    <message>
        <source>heatmap</source>
        <translation>热图</translation>
    </message>
    <message>
        <source>heparin</source>
        <translation>肝素</translation>
    </message>
    <message>
        <source>her allergies are on record</source>
        <translation>该患者的过敏史已记录</translation>
    </message>
    <message>
        <source>her identifier</source>
        <translation>患者编号</translation>
    </message>
    <message>
        <source>her visit is signed: nothing is added to it</source>
        <translation>该患者的就诊已签署：不再添加任何内容</translation>
    </message>
    <message>
        <source>her visit of {day}</source>
        <translation>该患者 {day} 的就诊</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>已隐藏</translation>
    </message>
    <message>
        <source>high</source>
        <comment>grade</comment>
        <translation>高级别</translation>
    </message>
    <message>
        <source>high (HSIL, CIN2-3)</source>
        <translation>高级别（HSIL，CIN2-3）</translation>
    </message>
    <message>
        <source>high risk</source>
        <translation>高风险</translation>
    </message>
    <message>
        <source>histology</source>
        <comment>kind of record</comment>
        <translation>组织学</translation>
    </message>
    <message>
        <source>histology</source>
        <translation>组织学</translation>
    </message>
    <message>
        <source>histology {diagnosis}</source>
        <translation>组织学 {diagnosis}</translation>
    </message>
    <message>
        <source>holds black and white only (single bit), not a photograph</source>
        <translation>仅含黑白（1 位），不是照片</translation>
    </message>
    <message>
        <source>holds subsampled colours without a packing, which are not read</source>
        <translation>含未打包的色度抽样颜色，不支持读取</translation>
    </message>
    <message>
        <source>hormonal</source>
        <comment>Contraception</comment>
        <translation>激素避孕</translation>
    </message>
    <message>
        <source>hour not known: the os is not marked</source>
        <translation>钟点未知：未标记宫颈外口</translation>
    </message>
    <message>
        <source>how it was taken is on record</source>
        <translation>其拍摄方式已记录</translation>
    </message>
    <message>
        <source>how specimens were taken, and those without a pin</source>
        <translation>标本的取材方式，以及没有活检标记的标本</translation>
    </message>
    <message>
        <source>identical</source>
        <translation>完全相同</translation>
    </message>
    <message>
        <source>identifier</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>identity corrected since</source>
        <translation>其后更正过身份信息</translation>
    </message>
    <message>
        <source>if it was encrypted, put {key_file} back: {how}. Else {remedy}</source>
        <translation>如果它曾加密，请将 {key_file} 放回：{how}。否则{remedy}</translation>
    </message>
    <message>
        <source>if its folder was moved or renamed, open it where it is now; else check that its disk or network share is connected and may be written</source>
        <translation>若其文件夹已被移动或重命名，请在当前位置打开；否则请检查其磁盘或网络共享是否已连接且可写入</translation>
    </message>
    <message>
        <source>if the library is there, copy its {keys} to {file} and try again; else look for another copy of this folder</source>
        <translation>若病例库仍在，请将其 {keys} 复制为 {file}，然后重试；否则请查找此文件夹的另一副本</translation>
    </message>
    <message>
        <source>if the os is where the program found it ({key} on the stage marks it there)</source>
        <translation>前提是宫颈外口位于程序找到的位置（在图像区按 {key} 可将其标记在该处）</translation>
    </message>
    <message>
        <source>import it with --variant {variant}</source>
        <translation>请用 --variant {variant} 导入</translation>
    </message>
    <message>
        <source>impression</source>
        <translation>印象</translation>
    </message>
    <message>
        <source>in a worker process</source>
        <translation>在工作进程中</translation>
    </message>
    <message>
        <source>in quarantine</source>
        <translation>隔离中</translation>
    </message>
    <message>
        <source>in quarantine: not better</source>
        <translation>隔离中：未优于原模型</translation>
    </message>
    <message>
        <source>in the library as {name}</source>
        <translation>在病例库中名为 {name}</translation>
    </message>
    <message>
        <source>in the library, without a name</source>
        <translation>在病例库中，无姓名</translation>
    </message>
    <message>
        <source>in the middle</source>
        <translation>居中</translation>
    </message>
    <message>
        <source>in the way</source>
        <translation>遮挡</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>in use by {holder}</source>
        <translation>{holder} 正在使用</translation>
    </message>
    <message>
        <source>in use, cannot answer</source>
        <translation>使用中，无法给出结果</translation>
    </message>
    <message>
        <source>in {seconds} s</source>
        <translation>{seconds} 秒后</translation>
    </message>
    <message>
        <source>in {seconds} s, hold still</source>
        <translation>{seconds} 秒后，请保持不动</translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Examination</comment>
        <translation>不满意（不充分）</translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Vagina</comment>
        <translation>不满意（不充分）</translation>
    </message>
    <message>
        <source>inadequate, no diagnosis</source>
        <translation>标本不满意，无诊断</translation>
    </message>
    <message>
        <source>indeterminate</source>
        <translation>不确定</translation>
    </message>
    <message>
        <source>indeterminate (likeliest {grade} {share:.2f})</source>
        <translation>不确定（最可能为 {grade} {share:.2f}）</translation>
    </message>
    <message>
        <source>inflammation</source>
        <translation>炎症</translation>
    </message>
    <message>
        <source>inner border sign</source>
        <translation>内边界征</translation>
    </message>
    <message>
        <source>input size {size} does not fit</source>
        <translation>输入尺寸 {size} 不适用</translation>
    </message>
    <message>
        <source>inside and outside</source>
        <comment>of the TZ</comment>
        <translation>转化区内外</translation>
    </message>
    <message>
        <source>inside the TZ</source>
        <translation>转化区内</translation>
    </message>
    <message>
        <source>install it: pip install "pfm-desktop[genicam]"</source>
        <translation>请安装：pip install "pfm-desktop[genicam]"</translation>
    </message>
    <message>
        <source>install the new version by its installer, once its SHA-256 was compared</source>
        <translation>请核对 SHA-256 后用安装程序安装新版本</translation>
    </message>
    <message>
        <source>install the program again</source>
        <translation>请重新安装程序</translation>
    </message>
    <message>
        <source>install the software of the camera's maker; {paths} names the folder of its .cti file</source>
        <translation>请安装相机制造商的软件；{paths} 指明其 .cti 文件所在的文件夹</translation>
    </message>
    <message>
        <source>install what holds it (Debian and Ubuntu: sudo apt-get install {packages})</source>
        <translation>请安装包含它的软件包（Debian 和 Ubuntu：sudo apt-get install {packages}）</translation>
    </message>
    <message>
        <source>intermediate</source>
        <comment>Swede score</comment>
        <translation>中等</translation>
    </message>
    <message>
        <source>intrauterine device</source>
        <translation>宫内节育器</translation>
    </message>
    <message>
        <source>invalid</source>
        <comment>HPV, high risk</comment>
        <translation>无效</translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Excision margins</comment>
        <translation>阳性（受累）</translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Margins</comment>
        <translation>阳性（受累）</translation>
    </message>
    <message>
        <source>iodine</source>
        <translation>碘</translation>
    </message>
    <message>
        <source>irregular surface</source>
        <translation>表面不规则</translation>
    </message>
    <message>
        <source>irregular, geographic border</source>
        <translation>不规则、地图样边界</translation>
    </message>
    <message>
        <source>is a JPEG 2000 of more than {megapixels} megapixels</source>
        <translation>是超过 {megapixels} 百万像素的 JPEG 2000</translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or colours that are not read</source>
        <translation>是 JPEG 2000，其位数或颜色不支持读取</translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or subsampled colours that are not read</source>
        <translation>是 JPEG 2000，其位数或色度抽样不支持读取</translation>
    </message>
    <message>
        <source>is a JPEG-LS with bits or colours that are not read</source>
        <translation>是 JPEG-LS，其位数或颜色不支持读取</translation>
    </message>
    <message>
        <source>is a deflated DICOM file, which is never unpacked: what comes out has no bounds</source>
        <translation>是 deflate 压缩的 DICOM 文件，此类文件绝不解压：解压出的内容没有大小限制</translation>
    </message>
    <message>
        <source>is a video, which is not read from DICOM</source>
        <translation>是视频，不支持从 DICOM 读取</translation>
    </message>
    <message>
        <source>is black and white</source>
        <translation>是黑白的</translation>
    </message>
    <message>
        <source>is damaged</source>
        <comment>a file</comment>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>is damaged or cut short</source>
        <comment>a file</comment>
        <translation>已损坏或不完整</translation>
    </message>
    <message>
        <source>is empty</source>
        <comment>a file</comment>
        <translation>为空</translation>
    </message>
    <message>
        <source>is far too long for a picture</source>
        <translation>过于狭长，不像图像</translation>
    </message>
    <message>
        <source>is missing</source>
        <comment>a file</comment>
        <translation>缺失</translation>
    </message>
    <message>
        <source>is no DICOM file</source>
        <translation>不是 DICOM 文件</translation>
    </message>
    <message>
        <source>is no map of pixels</source>
        <translation>不是像素映射</translation>
    </message>
    <message>
        <source>is no photograph but {what}</source>
        <translation>不是照片，而是 {what}</translation>
    </message>
    <message>
        <source>is obstructed</source>
        <translation>被遮挡</translation>
    </message>
    <message>
        <source>is out of focus</source>
        <translation>失焦</translation>
    </message>
    <message>
        <source>is overexposed</source>
        <translation>曝光过度</translation>
    </message>
    <message>
        <source>is packed as a kind of JPEG that is not read</source>
        <translation>的压缩方式是一种不支持读取的 JPEG</translation>
    </message>
    <message>
        <source>is packed in a way that is not read ({syntax})</source>
        <translation>的压缩方式不支持读取（{syntax}）</translation>
    </message>
    <message>
        <source>is projective, not affine</source>
        <translation>是射影变换，不是仿射变换</translation>
    </message>
    <message>
        <source>is that of another library</source>
        <comment>a file</comment>
        <translation>属于另一病例库</translation>
    </message>
    <message>
        <source>is the directory of a disc (DICOMDIR), not a picture</source>
        <translation>是光盘目录（DICOMDIR），不是图像</translation>
    </message>
    <message>
        <source>is too dark</source>
        <translation>过暗</translation>
    </message>
    <message>
        <source>is too noisy</source>
        <translation>噪点过多</translation>
    </message>
    <message>
        <source>is too small</source>
        <translation>过小</translation>
    </message>
    <message>
        <source>is unusable</source>
        <translation>不可用</translation>
    </message>
    <message>
        <source>is unusable ({problem})</source>
        <translation>不可用（{problem}）</translation>
    </message>
    <message>
        <source>issuer {issuer}</source>
        <translation>签发者 {issuer}</translation>
    </message>
    <message>
        <source>it can be changed as it is</source>
        <translation>可直接更改</translation>
    </message>
    <message>
        <source>it cannot be decoded</source>
        <translation>无法解码</translation>
    </message>
    <message>
        <source>it cannot be looked at: {problem}</source>
        <translation>无法查看：{problem}</translation>
    </message>
    <message>
        <source>it cannot be opened</source>
        <translation>无法打开</translation>
    </message>
    <message>
        <source>it cannot be put on record that you see it</source>
        <translation>无法记录此次查看</translation>
    </message>
    <message>
        <source>it did not come to an end</source>
        <translation>未能结束</translation>
    </message>
    <message>
        <source>it does not hold exactly a model, its card and a signature</source>
        <translation>其内容并非恰好是一个模型、其模型卡和一个签名</translation>
    </message>
    <message>
        <source>it does not say how many frames a second has</source>
        <translation>未说明每秒帧数</translation>
    </message>
    <message>
        <source>it ends in the middle of an element</source>
        <translation>在某个元素中间结束</translation>
    </message>
    <message>
        <source>it goes on as before</source>
        <translation>照旧继续</translation>
    </message>
    <message>
        <source>it has changed since it was looked at</source>
        <translation>自上次查看后已有改动</translation>
    </message>
    <message>
        <source>it has no label</source>
        <translation>没有标注</translation>
    </message>
    <message>
        <source>it has no picture that can go out</source>
        <translation>没有可导出的图像</translation>
    </message>
    <message>
        <source>it has none</source>
        <translation>没有</translation>
    </message>
    <message>
        <source>it has not the frames that are on record</source>
        <translation>其中的帧与记录不符</translation>
    </message>
    <message>
        <source>it holds fewer pictures than before</source>
        <translation>所含图像比以前少</translation>
    </message>
    <message>
        <source>it holds more elements than any picture</source>
        <translation>所含元素多于任何图像</translation>
    </message>
    <message>
        <source>it holds more than an update file does</source>
        <translation>其中含有更新文件不应有的内容</translation>
    </message>
    <message>
        <source>it holds more than was signed</source>
        <translation>所含内容多于签名所涵盖的内容</translation>
    </message>
    <message>
        <source>it holds no pixels</source>
        <translation>不含像素</translation>
    </message>
    <message>
        <source>it is being opened</source>
        <translation>正在打开</translation>
    </message>
    <message>
        <source>it is cut into more tiles than any picture</source>
        <translation>所分图块多于任何图像</translation>
    </message>
    <message>
        <source>it is cut more finely than any picture</source>
        <translation>分割得比任何图像都细</translation>
    </message>
    <message>
        <source>it is cut off, or another kind of file</source>
        <translation>它不完整，或是其他类型的文件</translation>
    </message>
    <message>
        <source>it is damaged</source>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>it is damaged, or no model file</source>
        <translation>已损坏，或不是模型文件</translation>
    </message>
    <message>
        <source>it is drawn over another picture</source>
        <translation>它绘制在另一图像之上</translation>
    </message>
    <message>
        <source>it is empty (zero bytes)</source>
        <translation>为空（零字节）</translation>
    </message>
    <message>
        <source>it is in this visit already</source>
        <translation>已在本次就诊中</translation>
    </message>
    <message>
        <source>it is in {visit} already</source>
        <translation>已在{visit}中</translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew</source>
        <translation>已在{visit}中，并曾重新保存</translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew, as {stage}</source>
        <translation>已在{visit}中，并曾重新保存，阶段为{stage}</translation>
    </message>
    <message>
        <source>it is in {visit} too, as a copy without its moment</source>
        <translation>也在{visit}中，为不带拍摄时刻的副本</translation>
    </message>
    <message>
        <source>it is in {visit} too, as {stage}, as a copy without its moment</source>
        <translation>也在{visit}中，阶段为{stage}，为不带拍摄时刻的副本</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>it is no part of a clip</source>
        <translation>这不是视频片段的一部分</translation>
    </message>
    <message>
        <source>it is no picture</source>
        <translation>这不是图像</translation>
    </message>
    <message>
        <source>it is no template of a report</source>
        <translation>这不是报告模板</translation>
    </message>
    <message>
        <source>it is not a file</source>
        <translation>这不是文件</translation>
    </message>
    <message>
        <source>it is not on record when acetic acid was applied</source>
        <translation>没有涂醋酸时间的记录</translation>
    </message>
    <message>
        <source>it is not shown, and nothing was changed</source>
        <translation>该图像不显示，未作任何更改</translation>
    </message>
    <message>
        <source>it is of another version of the program</source>
        <translation>它属于本程序的另一版本</translation>
    </message>
    <message>
        <source>it is on record for another woman ({identifier})</source>
        <translation>已记录在另一名患者名下（{identifier}）</translation>
    </message>
    <message>
        <source>it is still there</source>
        <translation>它仍在那里</translation>
    </message>
    <message>
        <source>it is too bright</source>
        <translation>太亮</translation>
    </message>
    <message>
        <source>it is too large</source>
        <translation>文件过大</translation>
    </message>
    <message>
        <source>it is too large ({size:.1f} GB)</source>
        <translation>文件过大（{size:.1f} GB）</translation>
    </message>
    <message>
        <source>it is unchanged</source>
        <translation>它未被更改</translation>
    </message>
    <message>
        <source>it is unchanged, and nothing was brought in</source>
        <translation>它未被更改，未导入任何内容</translation>
    </message>
    <message>
        <source>it is whole and empty</source>
        <translation>它完整，且为空</translation>
    </message>
    <message>
        <source>it may be a name</source>
        <translation>它可能是姓名</translation>
    </message>
    <message>
        <source>it may not be read: permission denied</source>
        <translation>无法读取：没有权限</translation>
    </message>
    <message>
        <source>it of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>患者或申请的编号超过 DICOM 可容纳的 {longest} 个字符</translation>
    </message>
    <message>
        <source>it says nothing</source>
        <translation>它没有任何输出</translation>
    </message>
    <message>
        <source>it says nothing about any of {pairs:,} pairs ({reason})</source>
        <translation>它未对 {pairs:,} 对配对图像中的任何一对给出结果（{reason}）</translation>
    </message>
    <message>
        <source>it says to be {width} x {height} pixels</source>
        <translation>它声明的尺寸为 {width} x {height} 像素</translation>
    </message>
    <message>
        <source>it stands beside a woman's number or a name</source>
        <translation>它与患者编号或姓名写在一起</translation>
    </message>
    <message>
        <source>it stands in the report alone</source>
        <translation>它只列在报告中</translation>
    </message>
    <message>
        <source>it stays open for reading, and nothing was changed</source>
        <translation>它仍以只读方式打开，未作任何更改</translation>
    </message>
    <message>
        <source>it was exported from here: it is in {visit} already</source>
        <translation>它是从本机导出的：已在{visit}中</translation>
    </message>
    <message>
        <source>it was given twice</source>
        <translation>重复给出</translation>
    </message>
    <message>
        <source>it was left out, or is not among the pictures that were looked at</source>
        <translation>它已被略过，或不在已查看的图像之中</translation>
    </message>
    <message>
        <source>it was made by a newer version of the program</source>
        <translation>它由本程序的更新版本生成</translation>
    </message>
    <message>
        <source>it was not opened</source>
        <translation>它未被打开</translation>
    </message>
    <message>
        <source>it was not opened and nothing was changed</source>
        <translation>它未被打开，未作任何更改</translation>
    </message>
    <message>
        <source>it was not revealed in this visit</source>
        <translation>本次就诊中未曾显示它</translation>
    </message>
    <message>
        <source>it was refused</source>
        <translation>配准被拒绝</translation>
    </message>
    <message>
        <source>it would have to go on record that you see it, and {why}.</source>
        <translation>查看它须记录在案，而{why}。</translation>
    </message>
    <message>
        <source>its DICOM file says that words are drawn into it, and nobody has covered them: draw a box over them, or a margin</source>
        <translation>其 DICOM 文件声明图像中绘有文字，但没有人将其遮盖：请用方框遮盖文字，或设置遮盖边距</translation>
    </message>
    <message>
        <source>its EXIF data is damaged and was not used</source>
        <translation>其 EXIF 数据已损坏，未使用</translation>
    </message>
    <message>
        <source>its clock goes on</source>
        <translation>其计时继续</translation>
    </message>
    <message>
        <source>its content is not what was signed</source>
        <translation>其内容与签名时不符</translation>
    </message>
    <message>
        <source>its database is older than its key file, as where a backup was brought back: ask an administrator of the library to make the account anew (Settings, People)</source>
        <translation>其数据库比密钥文件旧，例如恢复过备份：请病例库管理员重新创建该账户（设置，人员）</translation>
    </message>
    <message>
        <source>its description is no text that can be read</source>
        <translation>其描述不是可读的文本</translation>
    </message>
    <message>
        <source>its elements are out of order, or one is there twice</source>
        <translation>其数据元素顺序错误，或有重复</translation>
    </message>
    <message>
        <source>its file was missing or altered in the library, and was put back</source>
        <translation>其文件在病例库中缺失或被改动，现已恢复</translation>
    </message>
    <message>
        <source>its first bytes are not those of a database; if it was encrypted, {key_file} is missing</source>
        <translation>其开头字节不是数据库的字节；如果它已加密，则缺少 {key_file}</translation>
    </message>
    <message>
        <source>its folder</source>
        <translation>其文件夹</translation>
    </message>
    <message>
        <source>its folder is {folder}</source>
        <translation>其文件夹为 {folder}</translation>
    </message>
    <message>
        <source>its frames are out of order</source>
        <translation>其帧顺序错误</translation>
    </message>
    <message>
        <source>its frames cannot be told apart</source>
        <translation>其各帧无法区分</translation>
    </message>
    <message>
        <source>its frames would be {width:.0f} x {height:.0f} pixels</source>
        <translation>其帧将为 {width:.0f} x {height:.0f} 像素</translation>
    </message>
    <message>
        <source>its head does not say how it is written</source>
        <translation>其文件头未说明编码方式</translation>
    </message>
    <message>
        <source>its head is longer than the file</source>
        <translation>其文件头比文件还长</translation>
    </message>
    <message>
        <source>its header is damaged</source>
        <translation>其文件头已损坏</translation>
    </message>
    <message>
        <source>its length is not what its header says</source>
        <translation>其长度与文件头所述不符</translation>
    </message>
    <message>
        <source>its list of frames is damaged</source>
        <translation>其帧列表已损坏</translation>
    </message>
    <message>
        <source>its lock may not be opened ({why})</source>
        <translation>无法打开其锁文件（{why}）</translation>
    </message>
    <message>
        <source>its name is not that of a file</source>
        <translation>其名称不是文件名</translation>
    </message>
    <message>
        <source>its name leads out of the zip</source>
        <translation>其名称指向 zip 之外</translation>
    </message>
    <message>
        <source>its name stands in the zip twice</source>
        <translation>其名称在 zip 中出现两次</translation>
    </message>
    <message>
        <source>its packed pixels are cut short</source>
        <translation>其压缩像素不完整</translation>
    </message>
    <message>
        <source>its packed pixels are missing</source>
        <translation>其压缩像素缺失</translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG</source>
        <translation>其压缩像素不是 JPEG</translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG 2000</source>
        <translation>其压缩像素不是 JPEG 2000</translation>
    </message>
    <message>
        <source>its packed pixels are of another size or colour than its head says</source>
        <translation>其压缩像素的尺寸或颜色与文件头所述不符</translation>
    </message>
    <message>
        <source>its packed pixels come in more scans than any picture</source>
        <translation>其压缩像素的扫描次数多于任何正常图像</translation>
    </message>
    <message>
        <source>its packed pixels end too early</source>
        <translation>其压缩像素过早结束</translation>
    </message>
    <message>
        <source>its pictures could not be registered</source>
        <translation>其图像无法配准</translation>
    </message>
    <message>
        <source>its pixels are not as many as its head says</source>
        <translation>其像素数量与文件头所述不符</translation>
    </message>
    <message>
        <source>its record and everything else is unchanged</source>
        <translation>其记录和其他所有内容均未更改</translation>
    </message>
    <message>
        <source>its sections cannot be read</source>
        <translation>其章节无法读取</translation>
    </message>
    <message>
        <source>its sequences are more than {deepest} deep</source>
        <translation>其序列嵌套超过 {deepest} 层</translation>
    </message>
    <message>
        <source>its signature cannot be read</source>
        <translation>其签名无法读取</translation>
    </message>
    <message>
        <source>its signature does not fit</source>
        <translation>其签名不匹配</translation>
    </message>
    <message>
        <source>its size is not the one that it says</source>
        <translation>其大小与声明不符</translation>
    </message>
    <message>
        <source>its stage is not known: {reason}</source>
        <translation>其阶段未知：{reason}</translation>
    </message>
    <message>
        <source>its stage is only a guess: {reason}</source>
        <translation>其阶段仅为推测：{reason}</translation>
    </message>
    <message>
        <source>its white-light picture is one with acetic acid</source>
        <translation>其白光图像为醋酸后图像</translation>
    </message>
    <message>
        <source>its woman looks like one on another side</source>
        <translation>其患者疑似另一组中的患者</translation>
    </message>
    <message>
        <source>kappa</source>
        <translation>kappa</translation>
    </message>
    <message>
        <source>kappa not defined (all one grade), {pairs}; {shares}</source>
        <translation>kappa 无法计算（全部为同一级别），{pairs}；{shares}</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f} ({interval})</source>
        <translation>kappa {kappa:.2f}（{interval}）</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: all alike, which gives no interval</source>
        <translation>kappa {kappa:.2f}，{pairs}：全部一致，因此没有区间</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: too few women for an interval; {shares}</source>
        <translation>kappa {kappa:.2f}，{pairs}：患者太少，无法给出区间；{shares}</translation>
    </message>
    <message>
        <source>keep one of the two lines</source>
        <translation>两行中保留一行</translation>
    </message>
    <message>
        <source>keep one of them</source>
        <translation>保留其中一个</translation>
    </message>
    <message>
        <source>keep the old one, or give the reason why the new one is to answer all the same, in a few words ({letters} letters or more)</source>
        <translation>保留旧模型，或用几个字说明为何仍要由新模型给出结果（至少 {letters} 个字符）</translation>
    </message>
    <message>
        <source>key file and copy differ: a password or the recovery key was being changed, or an older file was put back; what was before and what is new open the library, and pfm library repair keeps the newer one</source>
        <translation>密钥文件与其副本不一致：密码或恢复密钥正在更改，或恢复了较旧的文件；更改前和更改后的密码或密钥都能打开病例库，pfm library repair 会保留较新的一份</translation>
    </message>
    <message>
        <source>kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>kind not told</source>
        <translation>类型未说明</translation>
    </message>
    <message>
        <source>knife</source>
        <translation>手术刀</translation>
    </message>
    <message>
        <source>known models: {models}</source>
        <translation>已知模型：{models}</translation>
    </message>
    <message>
        <source>known models: {models}; for a folder here write ./{name}</source>
        <translation>已知模型：{models}；如指此处的文件夹，请写 ./{name}</translation>
    </message>
    <message>
        <source>label pictures</source>
        <translation>标注图像</translation>
    </message>
    <message>
        <source>larger than the cervix</source>
        <translation>大于宫颈</translation>
    </message>
    <message>
        <source>larger than the cervix as found</source>
        <translation>大于自动识别的宫颈</translation>
    </message>
    <message>
        <source>laser</source>
        <comment>Taken with</comment>
        <translation>激光</translation>
    </message>
    <message>
        <source>laser ablation</source>
        <translation>激光消融</translation>
    </message>
    <message>
        <source>laser excision</source>
        <translation>激光切除</translation>
    </message>
    <message>
        <source>late: was due {day}</source>
        <translation>逾期：应于 {day} 前发出</translation>
    </message>
    <message>
        <source>later</source>
        <translation>稍后</translation>
    </message>
    <message>
        <source>lateral left</source>
        <translation>左侧壁</translation>
    </message>
    <message>
        <source>lateral right</source>
        <translation>右侧壁</translation>
    </message>
    <message>
        <source>learn from a library, or take a model that reads white light + fluorescence</source>
        <translation>用病例库训练模型，或选用读取白光 + 荧光的模型</translation>
    </message>
    <message>
        <source>learn from pairs of these sources</source>
        <translation>用这些光源的配对图像训练</translation>
    </message>
    <message>
        <source>learn it again, or ask who made it</source>
        <translation>重新训练，或询问其制作者</translation>
    </message>
    <message>
        <source>learn it again, with another name and other words for what it was trained on, also if they do not mean her</source>
        <translation>重新训练，并更改名称和训练数据的说明文字，即使它们并非指该患者</translation>
    </message>
    <message>
        <source>learn under another name, or move that one out of {folder}</source>
        <translation>换一个名称训练，或将那个模型移出 {folder}</translation>
    </message>
    <message>
        <source>learned</source>
        <comment>state of a run</comment>
        <translation>训练完成</translation>
    </message>
    <message>
        <source>learning now</source>
        <translation>正在训练</translation>
    </message>
    <message>
        <source>learning part</source>
        <comment>kind of record</comment>
        <translation>训练分组</translation>
    </message>
    <message>
        <source>learning run</source>
        <comment>kind of record</comment>
        <translation>训练运行</translation>
    </message>
    <message>
        <source>leave her on record, and write in her visit what is wrong with it</source>
        <translation>保留该患者的记录，并在其就诊中写明有何错误</translation>
    </message>
    <message>
        <source>leave it as it is</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>leave it on record, and write in the findings what is wrong with it</source>
        <translation>保留记录，并在所见中写明有何错误</translation>
    </message>
    <message>
        <source>leave it out or correct it</source>
        <translation>略过或更正它</translation>
    </message>
    <message>
        <source>leave it out, and look at its pictures</source>
        <translation>略过它，并查看其图像</translation>
    </message>
    <message>
        <source>leave it out, or give another</source>
        <translation>略过它，或给出另一个</translation>
    </message>
    <message>
        <source>leave it to another reader; you may decide between them</source>
        <translation>交给另一位阅片者；本人可在阅片者之间裁定</translation>
    </message>
    <message>
        <source>leave it, or take the reads back in Annotate first</source>
        <translation>保留它，或先在“标注”中撤回阅片</translation>
    </message>
    <message>
        <source>leave this step out, or give a reason for using iodine all the same</source>
        <translation>略过此步骤，或说明仍要使用碘的理由</translation>
    </message>
    <message numerus="yes">
        <source>leaving out %n picture(s)</source>
        <translation>
            <numerusform>略过 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>left</source>
        <comment>side of the patient</comment>
        <translation>左侧</translation>
    </message>
    <message>
        <source>left</source>
        <comment>where to swing</comment>
        <translation>左</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>已略过</translation>
    </message>
    <message>
        <source>left out by hand</source>
        <translation>已手动略过</translation>
    </message>
    <message>
        <source>left to the camera</source>
        <translation>由相机决定</translation>
    </message>
    <message>
        <source>lesion</source>
        <translation>病变</translation>
    </message>
    <message>
        <source>lesion</source>
        <comment>kind of record</comment>
        <translation>病变</translation>
    </message>
    <message>
        <source>lesion {label}</source>
        <translation>病变 {label}</translation>
    </message>
    <message>
        <source>lesion {number}</source>
        <translation>病变 {number}</translation>
    </message>
    <message>
        <source>let the name end in .png</source>
        <translation>名称须以 .png 结尾</translation>
    </message>
    <message>
        <source>let the name end in {endings}</source>
        <translation>名称须以 {endings} 结尾</translation>
    </message>
    <message>
        <source>leukoplakia</source>
        <translation>白斑</translation>
    </message>
    <message>
        <source>leukoplakia (keratosis)</source>
        <translation>白斑（角化）</translation>
    </message>
    <message>
        <source>libraries, settings and models are untouched</source>
        <translation>病例库、设置和模型未受影响</translation>
    </message>
    <message>
        <source>light changed while it was taken</source>
        <translation>拍摄期间光线有变化</translation>
    </message>
    <message>
        <source>like 14 Mar 1988</source>
        <translation>如 1988年3月14日</translation>
    </message>
    <message>
        <source>like 14 Mar 2026</source>
        <translation>如 2026年3月14日</translation>
    </message>
    <message>
        <source>like 2026-03-14 10:15, or the day alone</source>
        <translation>如 2026-03-14 10:15，或仅日期</translation>
    </message>
    <message>
        <source>like HPV positive</source>
        <translation>如 HPV 阳性</translation>
    </message>
    <message>
        <source>likeliest: {grade} {share:.2f}</source>
        <translation>最可能：{grade} {share:.2f}</translation>
    </message>
    <message>
        <source>likely</source>
        <comment>how sure</comment>
        <translation>很可能</translation>
    </message>
    <message>
        <source>limited</source>
        <comment>quality</comment>
        <translation>受限</translation>
    </message>
    <message>
        <source>line {line}</source>
        <translation>第 {line} 行</translation>
    </message>
    <message>
        <source>line {line} (patient {patient}, {picture})</source>
        <translation>第 {line} 行（患者 {patient}，{picture}）</translation>
    </message>
    <message>
        <source>line {line}: {file}</source>
        <translation>第 {line} 行：{file}</translation>
    </message>
    <message>
        <source>line {line}: {grade}</source>
        <translation>第 {line} 行：{grade}</translation>
    </message>
    <message>
        <source>line {line}: {problem}</source>
        <translation>第 {line} 行：{problem}</translation>
    </message>
    <message>
        <source>line {number} of the audit trail cannot be read: it is not what was written</source>
        <translation>审计追踪第 {number} 行无法读取：与写入时不符</translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is not what was written, or lines before it were altered, removed or moved</source>
        <translation>文件第 {number} 行（审计追踪第 {in_trail} 行）与写入时不符，或其前面的行被改动、删除或移动</translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is out of order</source>
        <translation>文件第 {number} 行（审计追踪第 {in_trail} 行）顺序错误</translation>
    </message>
    <message>
        <source>line {number} of the file is not a line of an audit trail</source>
        <translation>文件第 {number} 行不是审计追踪的行</translation>
    </message>
    <message>
        <source>lines {first} and {second} name the same file</source>
        <translation>第 {first} 行和第 {second} 行指向同一文件</translation>
    </message>
    <message>
        <source>little glare</source>
        <translation>反光少</translation>
    </message>
    <message>
        <source>little overlap</source>
        <translation>重叠少</translation>
    </message>
    <message>
        <source>live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>living with HIV</source>
        <translation>HIV 感染者</translation>
    </message>
    <message>
        <source>load the pair again</source>
        <translation>重新载入配对图像</translation>
    </message>
    <message>
        <source>local cases</source>
        <translation>本地病例</translation>
    </message>
    <message>
        <source>local model, trained on {data}</source>
        <translation>本地模型，训练数据：{data}</translation>
    </message>
    <message>
        <source>local model, trained on {data}, from {origin}</source>
        <translation>本地模型，训练数据：{data}，源自 {origin}</translation>
    </message>
    <message>
        <source>look at `status` first, or place points by hand</source>
        <translation>先查看 `status`，或手动放置对应点</translation>
    </message>
    <message>
        <source>look at each picture, blank what names somebody, and say so (--pixels-looked-at)</source>
        <translation>查看每张图像，遮盖可识别个人的内容，并予以确认（--pixels-looked-at）</translation>
    </message>
    <message>
        <source>look at each picture, blank what names the patient, and say so</source>
        <translation>查看每张图像，遮盖可识别患者的内容，并予以确认</translation>
    </message>
    <message>
        <source>look at its cable</source>
        <translation>检查其线缆</translation>
    </message>
    <message>
        <source>look at its power and its cable</source>
        <translation>检查其电源和线缆</translation>
    </message>
    <message>
        <source>look at lamp and filters, then take again</source>
        <translation>检查光源灯和滤光片，然后重新拍摄</translation>
    </message>
    <message>
        <source>look at the camera, then take again</source>
        <translation>检查相机，然后重新拍摄</translation>
    </message>
    <message>
        <source>look at the camera, then take it again</source>
        <translation>检查相机，然后再拍一次</translation>
    </message>
    <message>
        <source>look at the camera, then try again</source>
        <translation>检查相机，然后重试</translation>
    </message>
    <message>
        <source>look at the first one: {reason}</source>
        <translation>先看第一个：{reason}</translation>
    </message>
    <message>
        <source>look at the fluorescence camera, then take again</source>
        <translation>检查荧光相机，然后重新拍摄</translation>
    </message>
    <message>
        <source>look at the pictures one by one</source>
        <translation>逐张查看图像</translation>
    </message>
    <message>
        <source>look at the present state and repeat the step</source>
        <translation>查看当前状态并重做该步骤</translation>
    </message>
    <message>
        <source>look at the white-light camera, then take again</source>
        <translation>检查白光相机，然后重新拍摄</translation>
    </message>
    <message>
        <source>look for {file}, from which that version was installed, and name it: pfm update back --installer FILE</source>
        <translation>找到安装该版本所用的 {file}，并指定它：pfm update back --installer FILE</translation>
    </message>
    <message>
        <source>look into the quarantine of the virus scanner and let it give the file back, or install the program again</source>
        <translation>请查看杀毒软件的隔离区并让它恢复该文件，或者重新安装程序</translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`</source>
        <translation>用 `pfm export visits` 查找</translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`; give at least {count} characters</source>
        <translation>用 `pfm export visits` 查找；至少给出 {count} 个字符</translation>
    </message>
    <message>
        <source>look the path up in the manual of the camera</source>
        <translation>在相机手册中查找该路径</translation>
    </message>
    <message>
        <source>look what is wrong with it (pfm library verify), and bring back a backup</source>
        <translation>检查其问题所在（pfm library verify），并恢复备份</translation>
    </message>
    <message>
        <source>look what it is, and rename it</source>
        <translation>请查看它是什么，并将其重命名</translation>
    </message>
    <message>
        <source>look whether the library's disk is there and has room, then try again</source>
        <translation>检查病例库所在磁盘是否已连接且有空间，然后重试</translation>
    </message>
    <message>
        <source>look whether the two cameras are swapped</source>
        <translation>检查两台相机是否接反</translation>
    </message>
    <message>
        <source>looks like one of the other light</source>
        <translation>看起来是另一种光源的图像</translation>
    </message>
    <message>
        <source>loop</source>
        <comment>Taken with</comment>
        <translation>电圈</translation>
    </message>
    <message>
        <source>loss (lower is better)</source>
        <translation>损失（越低越好）</translation>
    </message>
    <message>
        <source>loupe</source>
        <translation>放大镜</translation>
    </message>
    <message>
        <source>low</source>
        <comment>Swede score</comment>
        <translation>低</translation>
    </message>
    <message>
        <source>low</source>
        <comment>grade</comment>
        <translation>低级别</translation>
    </message>
    <message>
        <source>low (LSIL, CIN1)</source>
        <translation>低级别（LSIL，CIN1）</translation>
    </message>
    <message>
        <source>low risk</source>
        <translation>低风险</translation>
    </message>
    <message>
        <source>lower two thirds</source>
        <translation>下三分之二</translation>
    </message>
    <message>
        <source>lugol</source>
        <comment>step of an examination</comment>
        <translation>卢戈碘液</translation>
    </message>
    <message>
        <source>macro recall</source>
        <translation>宏平均召回率</translation>
    </message>
    <message>
        <source>made by hand</source>
        <translation>手动配对</translation>
    </message>
    <message>
        <source>made to hold the true grade in {hits:.0f} of 100 such cases, on {data}</source>
        <translation>设定为 100 个此类病例中有 {hits:.0f} 个包含真实级别，基于：{data}</translation>
    </message>
    <message>
        <source>majority</source>
        <translation>多数意见</translation>
    </message>
    <message>
        <source>majority, after AI</source>
        <translation>多数意见，AI 后</translation>
    </message>
    <message>
        <source>make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation>请在关闭程序之前做备份，并从中恢复 {key_file}：{how}</translation>
    </message>
    <message>
        <source>make a new one</source>
        <translation>重新生成一个</translation>
    </message>
    <message>
        <source>make a task in random order, or choose another model in Settings</source>
        <translation>按随机顺序创建任务，或在“设置”中选择另一模型</translation>
    </message>
    <message>
        <source>make an encrypted library for real pictures</source>
        <translation>为真实图像创建加密的病例库</translation>
    </message>
    <message>
        <source>make and change accounts</source>
        <translation>创建和更改账户</translation>
    </message>
    <message>
        <source>make and close tasks for readers</source>
        <translation>创建和关闭阅片者的任务</translation>
    </message>
    <message>
        <source>make somebody else an administrator first</source>
        <translation>先将另一人设为管理员</translation>
    </message>
    <message>
        <source>make the plan again</source>
        <translation>重新制定计划</translation>
    </message>
    <message>
        <source>make the report again</source>
        <translation>重新生成报告</translation>
    </message>
    <message>
        <source>making of a pair</source>
        <translation>建立配对</translation>
    </message>
    <message>
        <source>manifest</source>
        <translation>清单</translation>
    </message>
    <message>
        <source>map of whitening</source>
        <translation>醋白变化图</translation>
    </message>
    <message>
        <source>mark a longer part, as 10 mm of a ruler</source>
        <translation>标记更长的一段，例如尺上的 10 mm</translation>
    </message>
    <message>
        <source>mark both ends of a known length</source>
        <translation>标记已知长度的两端</translation>
    </message>
    <message>
        <source>mark it again</source>
        <translation>重新标记</translation>
    </message>
    <message>
        <source>mark the os (O)</source>
        <translation>标记宫颈外口（O）</translation>
    </message>
    <message>
        <source>mark the os (O; Shift+O: as found)</source>
        <translation>标记宫颈外口（O；Shift+O：采用自动识别）</translation>
    </message>
    <message>
        <source>marks lie between 0 and {longest:g} seconds after acetic acid</source>
        <translation>时间标记须在醋酸后 0 至 {longest:g} 秒之间</translation>
    </message>
    <message>
        <source>may show no cervix</source>
        <translation>可能未显示宫颈</translation>
    </message>
    <message>
        <source>metaplasia: crypt openings</source>
        <translation>化生：腺开口</translation>
    </message>
    <message>
        <source>metaplasia: nabothian cysts</source>
        <translation>化生：纳氏囊肿</translation>
    </message>
    <message>
        <source>missed</source>
        <translation>已错过</translation>
    </message>
    <message>
        <source>missing file</source>
        <translation>文件缺失</translation>
    </message>
    <message>
        <source>model.toml is as it was brought here on {day}, without a seal: nobody can say what was altered before</source>
        <translation>model.toml 与 {day} 导入时相同，但没有封签：此前是否有改动无人知晓</translation>
    </message>
    <message>
        <source>model.toml is as it was made</source>
        <translation>model.toml 与生成时相同</translation>
    </message>
    <message>
        <source>models and answers are unchanged</source>
        <translation>模型和结果均未更改</translation>
    </message>
    <message>
        <source>more contrast</source>
        <translation>增强对比度</translation>
    </message>
    <message>
        <source>more than 8 weeks: was due {day}</source>
        <translation>超过 8 周：应于 {day} 前发出</translation>
    </message>
    <message>
        <source>more than {count} years ago: it may be a birth date</source>
        <translation>早于 {count} 年前：可能是出生日期</translation>
    </message>
    <message>
        <source>most (L* {peak:+.1f}) at {seconds:.0f} s</source>
        <translation>{seconds:.0f} 秒时最强（L* {peak:+.1f}）</translation>
    </message>
    <message>
        <source>most whitening</source>
        <translation>最大醋白变化</translation>
    </message>
    <message>
        <source>move closer</source>
        <translation>靠近一些</translation>
    </message>
    <message numerus="yes">
        <source>move of %n picture(s)</source>
        <translation>
            <numerusform>移动 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>move that file away to go on without a way back; the backups and programs stay where they are</source>
        <translation>移走该文件即可继续，但无法退回；备份和程序保持原处</translation>
    </message>
    <message>
        <source>move that file away; the databases themselves lie in the folder 'set-aside' of their libraries</source>
        <translation>请把该文件移走；数据库本身在各自病例库的文件夹 'set-aside' 中</translation>
    </message>
    <message>
        <source>move {ways}</source>
        <translation>向{ways}移动</translation>
    </message>
    <message>
        <source>much glare: tilt the light or dab the surface dry</source>
        <translation>反光多：倾斜光源或擦干表面</translation>
    </message>
    <message>
        <source>mucus or blood over the os</source>
        <translation>宫颈外口被黏液或血液覆盖</translation>
    </message>
    <message>
        <source>name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>name a file</source>
        <translation>指定一个文件</translation>
    </message>
    <message>
        <source>name a file in it</source>
        <translation>指定其中的一个文件</translation>
    </message>
    <message>
        <source>name a file that was exported</source>
        <translation>指定一个导出的文件</translation>
    </message>
    <message>
        <source>name a folder</source>
        <translation>指定一个文件夹</translation>
    </message>
    <message>
        <source>name a new folder, such as {folder}</source>
        <translation>指定一个新文件夹，例如 {folder}</translation>
    </message>
    <message>
        <source>name a white-light picture, a fluorescence picture, or both</source>
        <translation>指定一张白光图像、一张荧光图像，或两者</translation>
    </message>
    <message>
        <source>name another folder with --prepared, or delete this one to have it made again</source>
        <translation>用 --prepared 指定另一文件夹，或删除此文件夹以便重新生成</translation>
    </message>
    <message>
        <source>name at least one</source>
        <translation>至少指定一个</translation>
    </message>
    <message>
        <source>name of the patient</source>
        <translation>患者姓名</translation>
    </message>
    <message>
        <source>name one picture file</source>
        <translation>指定一个图像文件</translation>
    </message>
    <message>
        <source>name one picture file in it</source>
        <translation>指定其中的一个图像文件</translation>
    </message>
    <message>
        <source>name one video file</source>
        <translation>指定一个视频文件</translation>
    </message>
    <message>
        <source>name the CSV file in it</source>
        <translation>指定其中的 CSV 文件</translation>
    </message>
    <message>
        <source>names a day on which a woman of this library was seen or born ({found})</source>
        <translation>含有本病例库某位患者的就诊或出生日期（{found}）</translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is a name of hers)</source>
        <translation>提到本病例库的某位患者（{found!r} 是其姓名）</translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is an identifier of hers)</source>
        <translation>提到本病例库的某位患者（{found!r} 是其编号）</translation>
    </message>
    <message>
        <source>names say two numbers: {numbers}</source>
        <translation>名称中有两个编号：{numbers}</translation>
    </message>
    <message>
        <source>nearer to it</source>
        <translation>更接近标注</translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, is on record for another woman ({identifier})</source>
        <translation>同一秒的几乎相同的图像已记录在另一名患者名下（{identifier}）</translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, stands under another woman too</source>
        <translation>同一秒的几乎相同的图像也在另一名患者名下</translation>
    </message>
    <message>
        <source>necrosis</source>
        <translation>坏死</translation>
    </message>
    <message>
        <source>negative</source>
        <comment>HPV, high risk</comment>
        <translation>阴性</translation>
    </message>
    <message>
        <source>negative</source>
        <comment>p16</comment>
        <translation>阴性</translation>
    </message>
    <message>
        <source>neither the picture, nor a name, nor the file's time says it</source>
        <translation>图像、名称和文件时间均未说明</translation>
    </message>
    <message>
        <source>never</source>
        <comment>Smoking</comment>
        <translation>从不</translation>
    </message>
    <message>
        <source>new in this library</source>
        <translation>本病例库中的新患者</translation>
    </message>
    <message>
        <source>new result since the letter</source>
        <translation>告知信发出后有新结果</translation>
    </message>
    <message>
        <source>next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>no</source>
        <comment>Pregnant</comment>
        <translation>否</translation>
    </message>
    <message>
        <source>no</source>
        <comment>Hysterectomy</comment>
        <translation>否</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>no AI answer in this report</source>
        <translation>本报告无 AI 结果</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>无结果</translation>
    </message>
    <message>
        <source>no answer is shown or kept</source>
        <translation>不显示也不保存任何结果</translation>
    </message>
    <message>
        <source>no answer was given: {reason}</source>
        <translation>未给出结果：{reason}</translation>
    </message>
    <message>
        <source>no backup was made: the database of the library {path}, or the disk of the backup, is damaged ({wrong})</source>
        <translation>未做备份：病例库 {path} 的数据库或备份磁盘已损坏（{wrong}）</translation>
    </message>
    <message>
        <source>no bands are called {key!r}</source>
        <translation>没有名为 {key!r} 的分段</translation>
    </message>
    <message>
        <source>no board of squares is seen in this picture</source>
        <translation>此图像中未见棋盘格标板</translation>
    </message>
    <message>
        <source>no case</source>
        <translation>无病例</translation>
    </message>
    <message>
        <source>no case of the locked test has a label</source>
        <translation>锁定测试集中没有病例有标注</translation>
    </message>
    <message>
        <source>no cervix</source>
        <translation>无宫颈</translation>
    </message>
    <message>
        <source>no cervix is seen</source>
        <translation>未见宫颈</translation>
    </message>
    <message>
        <source>no cervix is seen: bring it into view</source>
        <translation>未见宫颈：请将宫颈移入视野</translation>
    </message>
    <message>
        <source>no colour</source>
        <translation>无颜色</translation>
    </message>
    <message>
        <source>no dark frame was taken: of {wanted} frames {found} came (the camera is {state})</source>
        <translation>未拍摄暗帧：需要 {wanted} 帧，只收到 {found} 帧（相机状态：{state}）</translation>
    </message>
    <message>
        <source>no dark frame was taken: {problem}</source>
        <translation>未拍摄暗帧：{problem}</translation>
    </message>
    <message>
        <source>no examination was begun in this visit</source>
        <translation>本次就诊未开始任何检查</translation>
    </message>
    <message>
        <source>no figures were written</source>
        <translation>未写入任何数值</translation>
    </message>
    <message>
        <source>no fluorescence picture was taken: {problem}</source>
        <translation>未拍摄荧光图像：{problem}</translation>
    </message>
    <message>
        <source>no frame of it can be read</source>
        <translation>没有一帧可以读取</translation>
    </message>
    <message>
        <source>no frame of this clip can be read</source>
        <translation>此视频片段没有一帧可以读取</translation>
    </message>
    <message>
        <source>no glare</source>
        <translation>无反光</translation>
    </message>
    <message>
        <source>no interval</source>
        <translation>无区间</translation>
    </message>
    <message>
        <source>no key</source>
        <translation>无按键</translation>
    </message>
    <message>
        <source>no label, and no impression</source>
        <translation>无标注，也无印象</translation>
    </message>
    <message>
        <source>no lesion {answer} is documented</source>
        <translation>没有记录病变 {answer}</translation>
    </message>
    <message>
        <source>no map is shown or kept</source>
        <translation>不显示也不保存任何热图</translation>
    </message>
    <message>
        <source>no model in {folder}: {file} is missing</source>
        <translation>{folder} 中没有模型：缺少 {file}</translation>
    </message>
    <message>
        <source>no model was written</source>
        <translation>未写入模型</translation>
    </message>
    <message>
        <source>no model was written, and the epochs before are kept</source>
        <translation>未写入模型，此前的轮次已保留</translation>
    </message>
    <message>
        <source>no name</source>
        <translation>无姓名</translation>
    </message>
    <message>
        <source>no name of a folder or file says it</source>
        <translation>文件夹或文件的名称均未说明</translation>
    </message>
    <message>
        <source>no name says it</source>
        <translation>名称均未说明</translation>
    </message>
    <message>
        <source>no name says the stage</source>
        <translation>名称均未说明阶段</translation>
    </message>
    <message>
        <source>no pair has a picture of the second source: pair them in Review</source>
        <translation>没有配对含第二种光源的图像：请在“阅片”中配对</translation>
    </message>
    <message>
        <source>no pair is in front.</source>
        <translation>当前没有配对图像。</translation>
    </message>
    <message>
        <source>no pair is {sources}</source>
        <translation>没有{sources}这样的配对</translation>
    </message>
    <message>
        <source>no pair of pictures</source>
        <translation>无配对图像</translation>
    </message>
    <message>
        <source>no pair was taken: {problem}</source>
        <translation>未拍摄配对图像：{problem}</translation>
    </message>
    <message>
        <source>no password was changed</source>
        <translation>未更改任何密码</translation>
    </message>
    <message>
        <source>no patient</source>
        <translation>无患者</translation>
    </message>
    <message>
        <source>no picture</source>
        <translation>无图像</translation>
    </message>
    <message>
        <source>no picture can be read</source>
        <translation>没有可读取的图像</translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time</source>
        <translation>荧光图像未及时到达</translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time (the camera is {state})</source>
        <translation>荧光图像未及时到达（相机状态：{state}）</translation>
    </message>
    <message>
        <source>no picture in white light came from the camera</source>
        <translation>相机未传来白光图像</translation>
    </message>
    <message>
        <source>no picture in white light came in time</source>
        <translation>白光图像未及时到达</translation>
    </message>
    <message>
        <source>no picture in white light came in time (the camera is {state})</source>
        <translation>白光图像未及时到达（相机状态：{state}）</translation>
    </message>
    <message>
        <source>no picture of it says when it was taken</source>
        <translation>其图像均未说明拍摄时间</translation>
    </message>
    <message>
        <source>no picture shows anything</source>
        <translation>没有图像显示任何内容</translation>
    </message>
    <message>
        <source>no picture was given</source>
        <translation>未给出图像</translation>
    </message>
    <message>
        <source>no pot any more</source>
        <translation>已无标本瓶</translation>
    </message>
    <message>
        <source>no pot, no result awaited</source>
        <translation>无标本瓶，不等待结果</translation>
    </message>
    <message>
        <source>no producer for GenICam is installed</source>
        <translation>未安装 GenICam producer</translation>
    </message>
    <message>
        <source>no read can be kept, this library is open for reading only: {why}</source>
        <translation>无法保存阅片，本病例库以只读方式打开：{why}</translation>
    </message>
    <message>
        <source>no read can be kept: this task is closed</source>
        <translation>无法保存阅片：此任务已关闭</translation>
    </message>
    <message>
        <source>no read can be kept: your account may not do this in this library</source>
        <translation>无法保存阅片：此账户无权在本病例库中执行此操作</translation>
    </message>
    <message>
        <source>no read can be kept: {reader} opened this task, and {who} is the reader now</source>
        <translation>无法保存阅片：此任务由 {reader} 打开，而现在的阅片者是 {who}</translation>
    </message>
    <message>
        <source>no reason given</source>
        <translation>未说明原因</translation>
    </message>
    <message>
        <source>no reason is on record</source>
        <translation>没有记录理由</translation>
    </message>
    <message>
        <source>no reliable match</source>
        <translation>无可靠匹配</translation>
    </message>
    <message>
        <source>no report was made</source>
        <translation>未生成报告</translation>
    </message>
    <message>
        <source>no report was made, and what was signed is unchanged</source>
        <translation>未生成报告，已签署的内容未更改</translation>
    </message>
    <message>
        <source>no report was written</source>
        <translation>未写入报告</translation>
    </message>
    <message>
        <source>no result will come</source>
        <translation>不会有结果</translation>
    </message>
    <message>
        <source>no structure</source>
        <translation>无结构</translation>
    </message>
    <message>
        <source>no task was made</source>
        <translation>未创建任务</translation>
    </message>
    <message>
        <source>no training was begun</source>
        <translation>未开始训练</translation>
    </message>
    <message>
        <source>no two pictures were put together as a pair</source>
        <translation>没有两张图像组成配对</translation>
    </message>
    <message>
        <source>no update was installed here by this user</source>
        <translation>此用户未在此处安装过更新</translation>
    </message>
    <message>
        <source>no visit was found to export</source>
        <translation>未找到可导出的就诊</translation>
    </message>
    <message>
        <source>no visit was named</source>
        <translation>未指定就诊</translation>
    </message>
    <message>
        <source>no woman is left for {part}</source>
        <translation>没有患者可用于{part}</translation>
    </message>
    <message numerus="yes">
        <source>no, %n (woman|women) missing</source>
        <translation>
            <numerusform>否，还缺 %n 名患者</numerusform>
        </translation>
    </message>
    <message>
        <source>nobody has said it yet: the files call her Unassigned, and after she is known they are other ones</source>
        <translation>尚无人说明：文件中称其为 Unassigned，确定患者之后文件将不同</translation>
    </message>
    <message>
        <source>nobody has said who its woman is: assign its visit</source>
        <translation>尚无人说明其患者是谁：请将该就诊分配给患者</translation>
    </message>
    <message>
        <source>nobody has said who the woman is: assign the visit to a patient first</source>
        <translation>尚无人说明患者是谁：请先将该就诊分配给患者</translation>
    </message>
    <message>
        <source>nobody has said who this woman is either</source>
        <translation>也没有人说明这位患者是谁</translation>
    </message>
    <message>
        <source>nobody has said whose these visits are: they are not compared</source>
        <translation>没有人说明这些就诊属于谁：不作比较</translation>
    </message>
    <message>
        <source>nobody in this library is called {pseudonym!r} in an export</source>
        <translation>本病例库中没有人在导出时的化名为 {pseudonym!r}</translation>
    </message>
    <message>
        <source>nobody is signed in</source>
        <translation>没有人登录</translation>
    </message>
    <message>
        <source>nobody named</source>
        <translation>未指明的患者</translation>
    </message>
    <message>
        <source>nobody said that the pictures were looked at for names drawn into them</source>
        <translation>没有人确认已检查图像中是否绘有姓名</translation>
    </message>
    <message>
        <source>nobody signed {part}</source>
        <translation>{part} 没有签名</translation>
    </message>
    <message>
        <source>noisy</source>
        <translation>噪声大</translation>
    </message>
    <message>
        <source>non-stained</source>
        <comment>Lugol's iodine</comment>
        <translation>不着色</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Lesions</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Acetowhite</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Excision</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier treatment</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier colposcopy</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Anticoagulants</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Contraception</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>HPV vaccination</comment>
        <translation>未接种</translation>
    </message>
    <message>
        <source>none</source>
        <comment>no keys</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>whitening</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>no models</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>readers differ</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>result</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>impression</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none</source>
        <comment>pictures</comment>
        <translation>无</translation>
    </message>
    <message>
        <source>none from {first:.0f} s up to {last} after acid</source>
        <translation>醋酸后 {first:.0f} 秒至 {last} 无醋白变化</translation>
    </message>
    <message>
        <source>none given</source>
        <translation>未填写</translation>
    </message>
    <message>
        <source>none needed</source>
        <translation>不需要</translation>
    </message>
    <message>
        <source>none of the cases can be used</source>
        <translation>没有可用的病例</translation>
    </message>
    <message>
        <source>none of the {cases} cases can be used</source>
        <translation>{cases} 个病例均不可用</translation>
    </message>
    <message>
        <source>none of these visits has a picture that can go out</source>
        <translation>这些就诊均没有可导出的图像</translation>
    </message>
    <message>
        <source>none up to {last} after acid</source>
        <translation>醋酸后至 {last} 无醋白变化</translation>
    </message>
    <message>
        <source>none was taken</source>
        <comment>epoch</comment>
        <translation>未采用任何轮次</translation>
    </message>
    <message>
        <source>none yet</source>
        <translation>尚无</translation>
    </message>
    <message>
        <source>none: taken at random</source>
        <translation>无：随机取材</translation>
    </message>
    <message>
        <source>normal</source>
        <comment>grade</comment>
        <translation>正常</translation>
    </message>
    <message>
        <source>normal or CIN1</source>
        <translation>正常或 CIN1</translation>
    </message>
    <message>
        <source>normal or benign</source>
        <translation>正常或良性</translation>
    </message>
    <message>
        <source>not a file</source>
        <translation>不是文件</translation>
    </message>
    <message>
        <source>not a lesion outline, no guide for biopsies</source>
        <translation>不是病变轮廓，不能用于引导活检</translation>
    </message>
    <message>
        <source>not a picture</source>
        <translation>不是图像</translation>
    </message>
    <message>
        <source>not aligned</source>
        <translation>未对齐</translation>
    </message>
    <message>
        <source>not aligned: {reason}</source>
        <translation>未对齐：{reason}</translation>
    </message>
    <message>
        <source>not assessed</source>
        <translation>未评估</translation>
    </message>
    <message>
        <source>not better</source>
        <comment>state of a run</comment>
        <translation>未改进</translation>
    </message>
    <message>
        <source>not brought back: {problem}. Its record is there. Look for the picture in another backup and put it back with pfm library repair NEW_FOLDER --from OTHER_BACKUP; the library, where it is still there, puts it into {folder} with pfm library backup --check</source>
        <translation>未恢复：{problem}。其记录还在。请在另一备份中查找该图像，并用 pfm library repair NEW_FOLDER --from OTHER_BACKUP 恢复；如果原病例库还在，可用 pfm library backup --check 将其放入 {folder}</translation>
    </message>
    <message>
        <source>not calibrated: no mm</source>
        <translation>未校准：无毫米值</translation>
    </message>
    <message>
        <source>not checked</source>
        <comment>how far a picture is from what the model learned from</comment>
        <translation>未检查</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>Cytology (Bethesda)</comment>
        <translation>未做</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>HPV, high risk</comment>
        <translation>未做</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>p16</comment>
        <translation>未做</translation>
    </message>
    <message>
        <source>not due</source>
        <translation>未到期</translation>
    </message>
    <message>
        <source>not faded to half by {last}, the last frame</source>
        <translation>至最后一帧 {last} 尚未消退一半</translation>
    </message>
    <message>
        <source>not faded to half so far</source>
        <translation>目前尚未消退一半</translation>
    </message>
    <message>
        <source>not fully</source>
        <translation>不完全</translation>
    </message>
    <message>
        <source>not given</source>
        <translation>未同意</translation>
    </message>
    <message>
        <source>not in the
library yet</source>
        <translation>尚未进入
病例库</translation>
    </message>
    <message>
        <source>not in this light</source>
        <translation>非此光源</translation>
    </message>
    <message>
        <source>not kept: {problem}</source>
        <translation>未保存：{problem}</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>not known to this model</source>
        <translation>此模型不了解</translation>
    </message>
    <message>
        <source>not known whose</source>
        <translation>归属未知</translation>
    </message>
    <message>
        <source>not named</source>
        <translation>未指明</translation>
    </message>
    <message>
        <source>not needed</source>
        <translation>不需要</translation>
    </message>
    <message>
        <source>not now: {why}</source>
        <translation>现在不行：{why}</translation>
    </message>
    <message>
        <source>not now: {work}</source>
        <translation>现在不行：{work}</translation>
    </message>
    <message>
        <source>not on disk yet: {trouble}</source>
        <translation>尚未写入磁盘：{trouble}</translation>
    </message>
    <message>
        <source>not on the stage now</source>
        <translation>当前不在图像区</translation>
    </message>
    <message>
        <source>not read yet</source>
        <translation>尚未阅片</translation>
    </message>
    <message>
        <source>not registered</source>
        <translation>未配准</translation>
    </message>
    <message>
        <source>not registered: {cause}. Give the white-light and the fluorescence picture of one visit</source>
        <translation>未配准：{cause}。请给出同一次就诊的白光图像和荧光图像</translation>
    </message>
    <message>
        <source>not registered: {cause}. Points can be placed by hand in the window, pfm-desktop</source>
        <translation>未配准：{cause}。可在 pfm-desktop 窗口中手动放置对应点</translation>
    </message>
    <message>
        <source>not registered: {reason}</source>
        <translation>未配准：{reason}</translation>
    </message>
    <message>
        <source>not said</source>
        <translation>未说明</translation>
    </message>
    <message>
        <source>not scored</source>
        <translation>未评分</translation>
    </message>
    <message>
        <source>not seen by the model (not zero)</source>
        <translation>模型未看到（不是零）</translation>
    </message>
    <message>
        <source>not signed</source>
        <translation>未签署</translation>
    </message>
    <message>
        <source>not suppressed</source>
        <translation>未受抑制</translation>
    </message>
    <message>
        <source>not timed</source>
        <translation>未计时</translation>
    </message>
    <message>
        <source>not typed</source>
        <translation>未分型</translation>
    </message>
    <message>
        <source>not visible</source>
        <translation>不可见</translation>
    </message>
    <message>
        <source>note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>note, quality or region of pairs without a grade</source>
        <translation>尚无级别的配对的备注、质量或区域</translation>
    </message>
    <message>
        <source>nothing answers at {name}</source>
        <translation>{name} 无应答</translation>
    </message>
    <message>
        <source>nothing at opacity 0 %</source>
        <translation>不透明度为 0% 时不显示</translation>
    </message>
    <message>
        <source>nothing came</source>
        <translation>未收到任何数据</translation>
    </message>
    <message>
        <source>nothing from {threshold:.2f} (most {most:.2f})</source>
        <translation>没有达到 {threshold:.2f} 的区域（最高 {most:.2f}）</translation>
    </message>
    <message>
        <source>nothing in it was changed</source>
        <translation>其中未作任何更改</translation>
    </message>
    <message>
        <source>nothing in it was run</source>
        <translation>其中没有任何内容被运行</translation>
    </message>
    <message>
        <source>nothing is asked of it</source>
        <translation>不向它请求任何结果</translation>
    </message>
    <message>
        <source>nothing is called {key!r} in this form</source>
        <translation>此表单中没有名为 {key!r} 的项目</translation>
    </message>
    <message>
        <source>nothing is not a time</source>
        <translation>空白不是时间</translation>
    </message>
    <message>
        <source>nothing is said of its pictures</source>
        <translation>对其图像没有任何说明</translation>
    </message>
    <message>
        <source>nothing is said of this visit yet</source>
        <translation>对本次就诊尚无任何说明</translation>
    </message>
    <message>
        <source>nothing is shown</source>
        <translation>不显示任何内容</translation>
    </message>
    <message>
        <source>nothing of it was read</source>
        <translation>其内容均未读取</translation>
    </message>
    <message>
        <source>nothing of it was recorded</source>
        <translation>其中没有任何内容被记录</translation>
    </message>
    <message>
        <source>nothing on record was removed</source>
        <translation>已记录的内容均未删除</translation>
    </message>
    <message>
        <source>nothing was added</source>
        <translation>未添加任何内容</translation>
    </message>
    <message>
        <source>nothing was begun, and the model in use stays</source>
        <translation>未开始任何操作，继续使用当前模型</translation>
    </message>
    <message>
        <source>nothing was brought in</source>
        <translation>未导入任何内容</translation>
    </message>
    <message>
        <source>nothing was changed</source>
        <translation>未作任何更改</translation>
    </message>
    <message>
        <source>nothing was changed, and all that was accepted before is where the folder is now</source>
        <translation>未作任何更改，此前已接受的内容都在该文件夹现在的位置</translation>
    </message>
    <message>
        <source>nothing was changed, and it is not known to be damaged</source>
        <translation>未作任何更改，也没有发现它已损坏</translation>
    </message>
    <message>
        <source>nothing was changed, and its other parts are there</source>
        <translation>未作任何更改，其他部分都在</translation>
    </message>
    <message>
        <source>nothing was changed, and no reads were shown</source>
        <translation>未作任何更改，未显示任何阅片</translation>
    </message>
    <message>
        <source>nothing was changed, and nothing is lost</source>
        <translation>未作任何更改，没有任何丢失</translation>
    </message>
    <message>
        <source>nothing was changed: it could pass for another name</source>
        <translation>未作任何更改：它可能被误认为另一个名称</translation>
    </message>
    <message>
        <source>nothing was changed; its keys are the right ones, and the pictures stand in the folder 'pictures', encrypted</source>
        <translation>未作任何更改；其密钥正确，图像在文件夹“pictures”中，已加密</translation>
    </message>
    <message>
        <source>nothing was changed; the database and the pictures are there, encrypted</source>
        <translation>未作任何更改；数据库和图像都在，已加密</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures and the database are still there, encrypted</source>
        <translation>未作任何更改；图像和数据库仍在，已加密</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder 'pictures'</source>
        <translation>未作任何更改；图像在文件夹“pictures”中</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder 'pictures', encrypted</source>
        <translation>未作任何更改；图像在文件夹“pictures”中，已加密</translation>
    </message>
    <message>
        <source>nothing was changed; {key_file} is the right one, as its keys open the pictures</source>
        <translation>未作任何更改；{key_file} 是正确的，因为其密钥能打开图像</translation>
    </message>
    <message>
        <source>nothing was checked</source>
        <translation>未作任何检查</translation>
    </message>
    <message>
        <source>nothing was copied</source>
        <translation>未复制任何内容</translation>
    </message>
    <message>
        <source>nothing was done</source>
        <translation>未执行任何操作</translation>
    </message>
    <message>
        <source>nothing was exported; the record says that it was begun and not completed</source>
        <translation>未导出任何内容；记录显示导出已开始但未完成</translation>
    </message>
    <message>
        <source>nothing was loaded from them</source>
        <translation>未从中载入任何内容</translation>
    </message>
    <message>
        <source>nothing was made</source>
        <translation>未创建任何内容</translation>
    </message>
    <message>
        <source>nothing was opened</source>
        <translation>未打开任何内容</translation>
    </message>
    <message>
        <source>nothing was opened and nothing was changed</source>
        <translation>未打开任何内容，未作任何更改</translation>
    </message>
    <message>
        <source>nothing was read</source>
        <translation>未读取任何内容</translation>
    </message>
    <message>
        <source>nothing was saved</source>
        <translation>未保存任何内容</translation>
    </message>
    <message>
        <source>nothing was signed</source>
        <translation>未签署任何内容</translation>
    </message>
    <message>
        <source>nothing was signed, and the audit trail is unchanged</source>
        <translation>未签署任何内容，审计追踪未更改</translation>
    </message>
    <message>
        <source>nothing was taken</source>
        <translation>未拍摄任何图像</translation>
    </message>
    <message>
        <source>nothing was trained</source>
        <translation>未进行任何训练</translation>
    </message>
    <message>
        <source>nothing was written</source>
        <translation>未写入任何内容</translation>
    </message>
    <message>
        <source>nothing was written, and the model in use stays</source>
        <translation>未写入任何内容，继续使用当前模型</translation>
    </message>
    <message>
        <source>nothing was written, and what you read before stays as it is</source>
        <translation>未写入任何内容，此前的阅片保持不变</translation>
    </message>
    <message>
        <source>nothing wrong</source>
        <translation>没有问题</translation>
    </message>
    <message>
        <source>now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>now, by key</source>
        <translation>现在，按键</translation>
    </message>
    <message>
        <source>now: {indication}</source>
        <translation>现在：{indication}</translation>
    </message>
    <message>
        <source>obstructed</source>
        <translation>有遮挡</translation>
    </message>
    <message>
        <source>odd shape</source>
        <translation>形状异常</translation>
    </message>
    <message>
        <source>of the clip</source>
        <translation>视频片段中</translation>
    </message>
    <message>
        <source>of the laboratory</source>
        <translation>病理科的编号</translation>
    </message>
    <message>
        <source>of the meeting</source>
        <translation>讨论的决定</translation>
    </message>
    <message>
        <source>of the report</source>
        <translation>报告原文</translation>
    </message>
    <message>
        <source>off centre</source>
        <translation>偏离中心</translation>
    </message>
    <message>
        <source>ok</source>
        <comment>registration</comment>
        <translation>正常</translation>
    </message>
    <message>
        <source>old and new model have not been compared on the locked test</source>
        <translation>旧模型和新模型尚未在锁定测试集上比较</translation>
    </message>
    <message>
        <source>old and new model were compared by an older version of this program, which looked at less</source>
        <translation>旧模型和新模型是由本程序的旧版本比较的，其检查内容较少</translation>
    </message>
    <message>
        <source>on another way than the file itself: by telephone, or in a letter</source>
        <translation>经文件本身以外的途径：电话或信件</translation>
    </message>
    <message>
        <source>on the other picture, and the pair is not registered</source>
        <translation>在另一张图像上，而该配对未配准</translation>
    </message>
    <message>
        <source>on the stage</source>
        <translation>在图像区</translation>
    </message>
    <message>
        <source>on {source}</source>
        <translation>在{source}上</translation>
    </message>
    <message>
        <source>on {source}, {stage}</source>
        <translation>在{source}上，{stage}</translation>
    </message>
    <message>
        <source>one of its pictures stands in another visit as well</source>
        <translation>其中一张图像也在另一次就诊中</translation>
    </message>
    <message>
        <source>one picture stands twice: {first} and {second}</source>
        <translation>同一图像出现两次：{first} 和 {second}</translation>
    </message>
    <message>
        <source>one point is no line: nothing was drawn</source>
        <translation>一个点不成线：未绘制任何内容</translation>
    </message>
    <message>
        <source>one to one, fit</source>
        <translation>1:1，适合窗口</translation>
    </message>
    <message>
        <source>one to {most} people read each pair</source>
        <translation>每对配对图像由 1 至 {most} 人阅片</translation>
    </message>
    <message>
        <source>only a description in the file's own record says it, perhaps of the whole examination</source>
        <translation>只有文件自身记录中的描述这样说明，它可能指整个检查</translation>
    </message>
    <message>
        <source>only its colours say it: those of fluorescence or of a green filter</source>
        <translation>只有颜色这样表明：荧光或绿色滤镜的颜色</translation>
    </message>
    <message>
        <source>only its colours say it: those of white light</source>
        <translation>只有颜色这样表明：白光的颜色</translation>
    </message>
    <message>
        <source>only pictures after acetic acid have a mark</source>
        <translation>只有醋酸后的图像有时间标记</translation>
    </message>
    <message>
        <source>only the file's time says it, which copying may have changed</source>
        <translation>只有文件时间这样说明，而复制可能已改变它</translation>
    </message>
    <message>
        <source>only the first of {count} pictures in the file is read: save the others as files of their own</source>
        <translation>文件中的 {count} 张图像只读取第一张：请将其余图像另存为单独的文件</translation>
    </message>
    <message>
        <source>only the lower 12 of its 16 bits are used, so it looks dark: export it as 8-bit</source>
        <translation>其 16 位中仅使用了低 12 位，因此看起来较暗：请导出为 8 位</translation>
    </message>
    <message numerus="yes">
        <source>only this says that she is {name}, who has %n picture(s) here</source>
        <translation>
            <numerusform>只有这一点表明该患者是 {name}，其在此处有 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>only {where} could say it</source>
        <translation>只有{where}可能说明</translation>
    </message>
    <message>
        <source>opaque alpha channel left out</source>
        <translation>已略过不透明的 alpha 通道</translation>
    </message>
    <message>
        <source>open</source>
        <comment>not folded</comment>
        <translation>已展开</translation>
    </message>
    <message>
        <source>open</source>
        <comment>state of a visit</comment>
        <translation>未签署</translation>
    </message>
    <message>
        <source>open it again</source>
        <translation>重新打开</translation>
    </message>
    <message>
        <source>open it again, then decide</source>
        <translation>重新打开它，然后裁定</translation>
    </message>
    <message>
        <source>open it first</source>
        <translation>先打开它</translation>
    </message>
    <message>
        <source>open it from the list again</source>
        <translation>从列表中重新打开它</translation>
    </message>
    <message>
        <source>open it where it can be written</source>
        <translation>在可写入的位置打开它</translation>
    </message>
    <message>
        <source>open it where it can be written, then export again</source>
        <translation>在可写入的位置打开它，然后重新导出</translation>
    </message>
    <message>
        <source>open it, or choose another folder</source>
        <translation>打开它，或选择另一文件夹</translation>
    </message>
    <message>
        <source>open the list again</source>
        <translation>重新打开列表</translation>
    </message>
    <message>
        <source>open the task again</source>
        <translation>重新打开任务</translation>
    </message>
    <message>
        <source>open the task again, and go on from there</source>
        <translation>重新打开任务，并从该处继续</translation>
    </message>
    <message>
        <source>open the visit again</source>
        <translation>重新打开就诊</translation>
    </message>
    <message>
        <source>open the visit and clear them first</source>
        <translation>先打开就诊并清除它们</translation>
    </message>
    <message>
        <source>open the visit and take them away first</source>
        <translation>先打开就诊并移除它们</translation>
    </message>
    <message>
        <source>open the visit from the list again</source>
        <translation>从列表中重新打开就诊</translation>
    </message>
    <message>
        <source>opening</source>
        <translation>正在打开</translation>
    </message>
    <message>
        <source>origin</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>os</source>
        <translation>外口</translation>
    </message>
    <message>
        <source>os covered</source>
        <translation>宫颈外口被遮盖</translation>
    </message>
    <message>
        <source>os mark</source>
        <comment>kind of record</comment>
        <translation>宫颈外口标记</translation>
    </message>
    <message>
        <source>os not marked, so no clock hour</source>
        <translation>未标记宫颈外口，因此无钟点方位</translation>
    </message>
    <message>
        <source>os? ({key})</source>
        <translation>宫颈外口？（{key}）</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Inadequate for</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Indication</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Earlier treatment</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Anticoagulants</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Contraception</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>other folders or studies say the same, which may be other women</source>
        <translation>其他文件夹或研究有相同说明，可能是其他患者</translation>
    </message>
    <message>
        <source>other high risk</source>
        <translation>其他高危型</translation>
    </message>
    <message>
        <source>other specimen</source>
        <translation>其他标本</translation>
    </message>
    <message>
        <source>out of focus</source>
        <translation>失焦</translation>
    </message>
    <message>
        <source>outline without its white-light picture</source>
        <translation>有轮廓但缺少其白光图像</translation>
    </message>
    <message>
        <source>outside the TZ</source>
        <translation>转化区外</translation>
    </message>
    <message numerus="yes">
        <source>overdue after %n day(s)</source>
        <translation>
            <numerusform>%n 天后逾期</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>overdue, %n day(s)</source>
        <translation>
            <numerusform>逾期，已 %n 天</numerusform>
        </translation>
    </message>
    <message>
        <source>overexposed</source>
        <translation>曝光过度</translation>
    </message>
    <message>
        <source>packed in a way that is not read: unpack the zip first</source>
        <translation>压缩方式无法读取：请先解压 zip</translation>
    </message>
    <message>
        <source>page {page} of {pages}</source>
        <translation>第 {page} 页，共 {pages} 页</translation>
    </message>
    <message>
        <source>pair</source>
        <comment>of pictures</comment>
        <translation>配对</translation>
    </message>
    <message>
        <source>pair</source>
        <translation>配对</translation>
    </message>
    <message>
        <source>pair</source>
        <comment>kind of record</comment>
        <translation>配对图像</translation>
    </message>
    <message>
        <source>pairs, drawn at random</source>
        <translation>对，随机抽取</translation>
    </message>
    <message>
        <source>palette converted to RGB</source>
        <translation>调色板已转换为 RGB</translation>
    </message>
    <message>
        <source>part of a clip</source>
        <translation>视频片段的一部分</translation>
    </message>
    <message>
        <source>part of a name</source>
        <translation>姓名的一部分</translation>
    </message>
    <message>
        <source>partially visible</source>
        <translation>部分可见</translation>
    </message>
    <message>
        <source>parting of a pair</source>
        <translation>拆分配对</translation>
    </message>
    <message>
        <source>patient</source>
        <comment>kind of record</comment>
        <translation>患者</translation>
    </message>
    <message>
        <source>per pair</source>
        <translation>人/对</translation>
    </message>
    <message>
        <source>perhaps in use by another user of this computer: {why}</source>
        <translation>可能正由本计算机的另一用户使用：{why}</translation>
    </message>
    <message>
        <source>perimenopausal</source>
        <translation>围绝经期</translation>
    </message>
    <message>
        <source>pfm library verify {path} says whether the library is. If so, copy its folder as it stands, and {way_back}</source>
        <translation>pfm library verify {path} 可说明病例库是否损坏。如已损坏，请原样复制其文件夹，并{way_back}</translation>
    </message>
    <message>
        <source>pfm-demo is a demonstration model, trained on phantoms. {models.learn} makes one of your own labels, on this computer, and it answers only once you promote it.</source>
        <translation>pfm-demo 是演示模型，基于模拟体模训练。{models.learn} 可在本计算机上用自己的标注制作一个模型，只有在启用之后它才会给出结果。</translation>
    </message>
    <message>
        <source>pfm_desktop, library {library}</source>
        <translation>pfm_desktop，病例库 {library}</translation>
    </message>
    <message>
        <source>pfm_desktop: second screen</source>
        <translation>pfm_desktop：第二屏幕</translation>
    </message>
    <message>
        <source>phantoms</source>
        <translation>模拟体模</translation>
    </message>
    <message>
        <source>photograph the scale flat, square to the view and in focus, or mark two points on it by hand</source>
        <translation>将标尺平放、正对视野并对准焦点后拍摄，或在其上手动标记两点</translation>
    </message>
    <message>
        <source>picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>picture</source>
        <comment>kind of record</comment>
        <translation>图像</translation>
    </message>
    <message>
        <source>picture after Lugol's iodine</source>
        <translation>卢戈碘液后的图像</translation>
    </message>
    <message>
        <source>picture {number}</source>
        <translation>图像 {number}</translation>
    </message>
    <message>
        <source>picture {number} of the sequence cannot be shown: {message}</source>
        <translation>序列中的图像 {number} 无法显示：{message}</translation>
    </message>
    <message>
        <source>pictures</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>pictures and library are not touched</source>
        <translation>图像和病例库均未改动</translation>
    </message>
    <message>
        <source>pictures move from one visit to another one</source>
        <translation>图像只能从一次就诊移到另一次就诊</translation>
    </message>
    <message>
        <source>pictures or answer do not belong to this visit</source>
        <translation>图像或结果不属于本次就诊</translation>
    </message>
    <message>
        <source>pin</source>
        <comment>kind of record</comment>
        <translation>活检标记</translation>
    </message>
    <message>
        <source>pin {letter}</source>
        <translation>活检标记 {letter}</translation>
    </message>
    <message>
        <source>pin {name}, no pot</source>
        <translation>活检标记 {name}，无标本瓶</translation>
    </message>
    <message>
        <source>pins stand on its pair</source>
        <translation>其配对图像上有活检标记</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>place one spot in both pictures</source>
        <translation>在两张图像中标出同一位置</translation>
    </message>
    <message>
        <source>place the missing partner</source>
        <translation>补放缺少的对应点</translation>
    </message>
    <message>
        <source>plan</source>
        <comment>of a visit</comment>
        <translation>处理计划</translation>
    </message>
    <message>
        <source>play it again</source>
        <translation>重新播放</translation>
    </message>
    <message>
        <source>plug it in</source>
        <translation>请连接它</translation>
    </message>
    <message>
        <source>plug it in again</source>
        <translation>请重新连接</translation>
    </message>
    <message>
        <source>plug it in, and check its cable</source>
        <translation>请连接它，并检查线缆</translation>
    </message>
    <message>
        <source>plug it in, and open it again</source>
        <translation>请连接它，然后重新打开</translation>
    </message>
    <message>
        <source>plug it in, close other programs that show it, and allow desktop programs to use the camera</source>
        <translation>请连接它，关闭其他正在显示它的程序，并允许桌面程序使用相机</translation>
    </message>
    <message>
        <source>plug it in, or choose another port</source>
        <translation>请连接它，或选择另一端口</translation>
    </message>
    <message>
        <source>points file</source>
        <translation>对应点文件</translation>
    </message>
    <message>
        <source>points must come in pairs, one in each picture</source>
        <translation>对应点必须成对，每张图像各一个</translation>
    </message>
    <message>
        <source>polyp</source>
        <translation>息肉</translation>
    </message>
    <message>
        <source>polyp, ectocervical</source>
        <translation>息肉，外宫颈</translation>
    </message>
    <message>
        <source>polyp, endocervical</source>
        <translation>息肉，宫颈管</translation>
    </message>
    <message>
        <source>positive</source>
        <comment>HPV, high risk</comment>
        <translation>阳性</translation>
    </message>
    <message>
        <source>positive</source>
        <comment>p16</comment>
        <translation>阳性</translation>
    </message>
    <message>
        <source>positive VIA</source>
        <translation>VIA 阳性</translation>
    </message>
    <message>
        <source>postcoital or other bleeding</source>
        <translation>性交后出血或其他出血</translation>
    </message>
    <message>
        <source>posterior</source>
        <translation>后方</translation>
    </message>
    <message>
        <source>posterior</source>
        <comment>Vagina, where</comment>
        <translation>后壁</translation>
    </message>
    <message>
        <source>posterior left</source>
        <translation>左后</translation>
    </message>
    <message>
        <source>posterior right</source>
        <translation>右后</translation>
    </message>
    <message>
        <source>postmenopausal</source>
        <translation>绝经后</translation>
    </message>
    <message>
        <source>pot {pot}</source>
        <translation>标本瓶 {pot}</translation>
    </message>
    <message>
        <source>pregnant: {answer}</source>
        <translation>妊娠：{answer}</translation>
    </message>
    <message>
        <source>premenopausal</source>
        <translation>绝经前</translation>
    </message>
    <message>
        <source>prepare the pictures again</source>
        <translation>重新准备图像</translation>
    </message>
    <message>
        <source>prepare them again</source>
        <translation>重新准备</translation>
    </message>
    <message>
        <source>present</source>
        <comment>Lesions</comment>
        <translation>有</translation>
    </message>
    <message>
        <source>present</source>
        <comment>Acetowhite</comment>
        <translation>有</translation>
    </message>
    <message>
        <source>press its own button now</source>
        <translation>请按设备自身的按钮</translation>
    </message>
    <message>
        <source>pressure</source>
        <comment>Haemostasis</comment>
        <translation>压迫</translation>
    </message>
    <message>
        <source>promoted, but {model} answers here</source>
        <translation>已启用，但此处由 {model} 给出结果</translation>
    </message>
    <message>
        <source>promoted: it answers</source>
        <translation>已启用：由它给出结果</translation>
    </message>
    <message>
        <source>punch forceps</source>
        <translation>活检钳</translation>
    </message>
    <message>
        <source>put back a backup of library.sqlite, or choose another library</source>
        <translation>恢复 library.sqlite 的备份，或选择另一病例库</translation>
    </message>
    <message>
        <source>put back already: {libraries}; nothing else was changed</source>
        <translation>已经恢复：{libraries}；其他均未更改</translation>
    </message>
    <message>
        <source>put its file back from a backup</source>
        <translation>从备份恢复其文件</translation>
    </message>
    <message>
        <source>put its parts back from a backup</source>
        <translation>从备份恢复其各部分</translation>
    </message>
    <message>
        <source>put on the list</source>
        <translation>已列入清单</translation>
    </message>
    <message>
        <source>put the file back from a backup, or add the picture again</source>
        <translation>从备份恢复该文件，或重新添加图像</translation>
    </message>
    <message>
        <source>put the filter in</source>
        <translation>放入滤光片</translation>
    </message>
    <message>
        <source>put user name and password into the address: http://user:password@...</source>
        <translation>将用户名和密码写入地址：http://user:password@...</translation>
    </message>
    <message>
        <source>put {file} back from a backup, or choose another folder</source>
        <translation>从备份恢复 {file}，或选择另一文件夹</translation>
    </message>
    <message>
        <source>put {key_file} back from a backup of this library: {how}</source>
        <translation>从本病例库的备份恢复 {key_file}：{how}</translation>
    </message>
    <message>
        <source>put {key_file} back: {how}</source>
        <translation>恢复 {key_file}：{how}</translation>
    </message>
    <message>
        <source>quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>quality {quality}</source>
        <translation>质量：{quality}</translation>
    </message>
    <message>
        <source>rapid acetowhitening</source>
        <translation>醋白迅速出现</translation>
    </message>
    <message>
        <source>read</source>
        <comment>kind of record</comment>
        <translation>阅片</translation>
    </message>
    <message>
        <source>read only</source>
        <translation>只读</translation>
    </message>
    <message>
        <source>read the audit trail</source>
        <translation>查看审计追踪</translation>
    </message>
    <message>
        <source>read the picture again</source>
        <translation>重新读取图像</translation>
    </message>
    <message>
        <source>readers differ, and nobody has decided between them</source>
        <translation>阅片者意见不一，且无人裁定</translation>
    </message>
    <message>
        <source>readers say that it cannot be graded</source>
        <translation>阅片者认为无法分级</translation>
    </message>
    <message>
        <source>reads for labels and decisions between readers are written</source>
        <translation>可写入用于标注的阅片和阅片者之间的裁定</translation>
    </message>
    <message>
        <source>reads for labels are written</source>
        <translation>可写入用于标注的阅片</translation>
    </message>
    <message>
        <source>reads {reads}</source>
        <translation>阅片 {reads}</translation>
    </message>
    <message>
        <source>reason why it is inadequate</source>
        <translation>检查不满意（不充分）的原因</translation>
    </message>
    <message>
        <source>reason: {reason}</source>
        <translation>理由：{reason}</translation>
    </message>
    <message>
        <source>record a second read instead</source>
        <translation>请改为记录第二次阅片</translation>
    </message>
    <message>
        <source>recording ended by an error of the program</source>
        <translation>录制因程序错误而结束</translation>
    </message>
    <message>
        <source>recording ended: {why}; {kept}</source>
        <translation>录制结束：{why}；{kept}</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is missing: line {line} of the audit trail is the last about it</source>
        <translation>记录：{kind} {name} 缺失：审计追踪中与其有关的最后一行是第 {line} 行</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not in the audit trail</source>
        <translation>记录：{kind} {name} 不在审计追踪中</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not what the audit trail says (line {line} is the last about it): {fields}</source>
        <translation>记录：{kind} {name} 与审计追踪不符（与其有关的最后一行是第 {line} 行）：{fields}</translation>
    </message>
    <message>
        <source>records: the {kind} {name} was removed (line {line} of the audit trail), and is there</source>
        <translation>记录：{kind} {name} 已被移除（审计追踪第 {line} 行），但仍然存在</translation>
    </message>
    <message>
        <source>records: those of the kind {kind} cannot be read: {why}</source>
        <translation>记录：无法读取类型为{kind}的记录：{why}</translation>
    </message>
    <message>
        <source>records: {count} more are not what the audit trail says</source>
        <translation>记录：另有 {count} 条与审计追踪不符</translation>
    </message>
    <message>
        <source>red</source>
        <comment>light</comment>
        <translation>红色</translation>
    </message>
    <message>
        <source>referral</source>
        <comment>kind of record</comment>
        <translation>转诊</translation>
    </message>
    <message>
        <source>refused</source>
        <comment>registration</comment>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>register the pair again</source>
        <translation>请重新配准配对图像</translation>
    </message>
    <message>
        <source>register the pair again, or place points by hand</source>
        <translation>请重新配准配对图像，或手动放置对应点</translation>
    </message>
    <message>
        <source>registered</source>
        <translation>已配准</translation>
    </message>
    <message>
        <source>registered: {status}</source>
        <translation>已配准：{status}</translation>
    </message>
    <message>
        <source>registered: {status}, estimated error {error:.1f} px</source>
        <translation>已配准：{status}，估计误差 {error:.1f} px</translation>
    </message>
    <message>
        <source>registering ...</source>
        <translation>正在配准...</translation>
    </message>
    <message>
        <source>registering needs both pictures</source>
        <translation>配准需要两张图像</translation>
    </message>
    <message>
        <source>registration</source>
        <translation>配准</translation>
    </message>
    <message>
        <source>registration</source>
        <comment>kind of record</comment>
        <translation>配准</translation>
    </message>
    <message>
        <source>registration uncertain</source>
        <translation>配准不确定</translation>
    </message>
    <message>
        <source>remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>remove her in the list, with them</source>
        <translation>请在列表中移除该患者，过敏记录会一并移除</translation>
    </message>
    <message>
        <source>remove it in the list of visits, with that</source>
        <translation>请在就诊列表中移除该次就诊，上述内容会一并移除</translation>
    </message>
    <message>
        <source>remove it in the visit, with that</source>
        <translation>请在就诊中移除该图像，上述内容会一并移除</translation>
    </message>
    <message>
        <source>remove or rename the folder {folder}: then {name} {version} answers, which came with the program</source>
        <translation>请移除或重命名文件夹 {folder}：之后由程序自带的 {name} {version} 给出结果</translation>
    </message>
    <message>
        <source>remove the contours first</source>
        <translation>请先移除轮廓</translation>
    </message>
    <message>
        <source>remove the contours first, and draw them where the picture belongs</source>
        <translation>请先移除轮廓，再在图像所属之处绘制</translation>
    </message>
    <message>
        <source>remove the drawing first</source>
        <translation>请先移除绘制内容</translation>
    </message>
    <message>
        <source>remove the os mark first</source>
        <translation>请先移除宫颈外口标记</translation>
    </message>
    <message>
        <source>remove the pair first</source>
        <translation>请先移除配对图像</translation>
    </message>
    <message>
        <source>remove the picture here instead</source>
        <translation>请改为移除此处的图像</translation>
    </message>
    <message>
        <source>remove the pins first</source>
        <translation>请先移除活检标记</translation>
    </message>
    <message>
        <source>remove the pins on one side first</source>
        <translation>请先移除其中一侧的活检标记</translation>
    </message>
    <message>
        <source>remove what was measured first</source>
        <translation>请先移除测量内容</translation>
    </message>
    <message>
        <source>rename the folder, or choose another one</source>
        <translation>请重命名该文件夹，或选择其他文件夹</translation>
    </message>
    <message>
        <source>replaced</source>
        <comment>state of a run</comment>
        <translation>已被替换</translation>
    </message>
    <message>
        <source>replaced by a later one</source>
        <translation>已被较新的取代</translation>
    </message>
    <message>
        <source>report as PDF</source>
        <translation>PDF 报告</translation>
    </message>
    <message>
        <source>restore the library from a backup (pfm library restore)</source>
        <translation>请从备份恢复病例库（pfm library restore）</translation>
    </message>
    <message>
        <source>result</source>
        <comment>kind of record</comment>
        <translation>结果</translation>
    </message>
    <message>
        <source>results pot by pot and the follow-up</source>
        <translation>各标本瓶的结果和随访</translation>
    </message>
    <message>
        <source>retake or replace the pictures</source>
        <translation>请重拍或更换图像</translation>
    </message>
    <message>
        <source>retake the pictures</source>
        <translation>请重拍图像</translation>
    </message>
    <message>
        <source>reveal the AI answer first</source>
        <translation>请先显示 AI 结果</translation>
    </message>
    <message>
        <source>ridge sign</source>
        <translation>嵴样征</translation>
    </message>
    <message>
        <source>right</source>
        <comment>side of the patient</comment>
        <translation>右侧</translation>
    </message>
    <message>
        <source>right</source>
        <comment>where to swing</comment>
        <translation>右</translation>
    </message>
    <message>
        <source>roll back where it answers, or choose a model in Models</source>
        <translation>请在该模型给出结果之处回退，或在“模型”中选择模型</translation>
    </message>
    <message>
        <source>rolled back</source>
        <comment>state of a run</comment>
        <translation>已回退</translation>
    </message>
    <message>
        <source>rolled back</source>
        <translation>已回退</translation>
    </message>
    <message>
        <source>running</source>
        <comment>state of a run</comment>
        <translation>运行中</translation>
    </message>
    <message>
        <source>s after acid</source>
        <translation>秒（醋酸后）</translation>
    </message>
    <message>
        <source>said</source>
        <comment>how sure</comment>
        <translation>已注明</translation>
    </message>
    <message>
        <source>saline</source>
        <translation>生理盐水</translation>
    </message>
    <message>
        <source>same grade as the AI</source>
        <translation>与 AI 级别相同</translation>
    </message>
    <message>
        <source>save it with commas</source>
        <translation>请以逗号分隔保存</translation>
    </message>
    <message>
        <source>save its pictures as files of their own</source>
        <translation>请将其图像另存为单独的文件</translation>
    </message>
    <message>
        <source>save single pictures of the examination, or the video as AVI or MKV with MJPG or FFV1</source>
        <translation>请保存检查的单张图像，或将视频存为 AVI 或 MKV（MJPG 或 FFV1 编码）</translation>
    </message>
    <message>
        <source>say first whose this visit is</source>
        <translation>请先指明本次就诊属于哪位患者</translation>
    </message>
    <message>
        <source>say it in one line</source>
        <translation>请用一行写明</translation>
    </message>
    <message>
        <source>say which</source>
        <translation>请指明</translation>
    </message>
    <message>
        <source>scar</source>
        <translation>瘢痕</translation>
    </message>
    <message>
        <source>screenshot</source>
        <translation>屏幕截图</translation>
    </message>
    <message>
        <source>search for something else</source>
        <translation>请搜索其他内容</translation>
    </message>
    <message>
        <source>seconds after acetic acid</source>
        <translation>醋酸后秒数</translation>
    </message>
    <message>
        <source>seconds after acid</source>
        <translation>醋酸后秒数</translation>
    </message>
    <message>
        <source>seconds after acid ({why})</source>
        <translation>醋酸后秒数（{why}）</translation>
    </message>
    <message>
        <source>seconds after acid, if known</source>
        <translation>醋酸后秒数（如已知）</translation>
    </message>
    <message>
        <source>see names, findings and histology</source>
        <translation>查看姓名、所见和组织学</translation>
    </message>
    <message>
        <source>seems to lie on its side</source>
        <translation>似乎是横放的</translation>
    </message>
    <message>
        <source>semicolons (;)</source>
        <translation>分号（;）</translation>
    </message>
    <message>
        <source>sent</source>
        <comment>letter</comment>
        <translation>已发送</translation>
    </message>
    <message>
        <source>set a pin where it is taken</source>
        <translation>请在取材处设置活检标记</translation>
    </message>
    <message>
        <source>set by hand</source>
        <translation>手动设置</translation>
    </message>
    <message>
        <source>set it at the camera</source>
        <translation>请在相机上设置</translation>
    </message>
    <message>
        <source>set it by hand</source>
        <translation>请手动设置</translation>
    </message>
    <message>
        <source>set its PixelFormat to RGB8 or BayerRG8</source>
        <translation>请将其 PixelFormat 设为 RGB8 或 BayerRG8</translation>
    </message>
    <message>
        <source>set the clock of the computer where it is wrong; else ask for a newer update file</source>
        <translation>如果计算机时钟有误，请校正；否则请索取较新的更新文件</translation>
    </message>
    <message>
        <source>several names</source>
        <translation>多个姓名</translation>
    </message>
    <message>
        <source>sharp</source>
        <translation>清晰</translation>
    </message>
    <message>
        <source>sharp border</source>
        <translation>边界锐利</translation>
    </message>
    <message>
        <source>she has a pseudonym in exports for research, and it must stay known whose it is</source>
        <translation>该患者在研究导出中有化名，必须始终可知其对应的患者</translation>
    </message>
    <message>
        <source>shorten it in the patient's record</source>
        <translation>请在患者记录中缩短</translation>
    </message>
    <message>
        <source>shows mucus or blood over the os</source>
        <translation>宫颈外口处有黏液或血液</translation>
    </message>
    <message>
        <source>shows no cervix</source>
        <translation>未显示宫颈</translation>
    </message>
    <message>
        <source>shows nothing</source>
        <translation>未显示任何内容</translation>
    </message>
    <message>
        <source>shows the cervix from too far away</source>
        <translation>拍摄的宫颈距离过远</translation>
    </message>
    <message>
        <source>shows the os far from its middle</source>
        <translation>宫颈外口远离图像中央</translation>
    </message>
    <message>
        <source>sign in with your name and password</source>
        <translation>请使用用户名和密码登录</translation>
    </message>
    <message>
        <source>sign out, and let who signs sign in</source>
        <translation>请退出登录，由签署者本人登录</translation>
    </message>
    <message>
        <source>sign visits</source>
        <translation>签署就诊</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>a visit</comment>
        <translation>已签署</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a report</comment>
        <translation>已签署</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a visit</comment>
        <translation>已签署</translation>
    </message>
    <message>
        <source>signed impression</source>
        <translation>已签署的印象</translation>
    </message>
    <message>
        <source>signed impression, after AI</source>
        <translation>已签署的印象，在 AI 之后</translation>
    </message>
    <message>
        <source>signed report</source>
        <translation>已签署的报告</translation>
    </message>
    <message>
        <source>signs by IFCPC 2011 and scores of each lesion</source>
        <translation>各病变的 IFCPC 2011 征象和评分</translation>
    </message>
    <message>
        <source>silver nitrate</source>
        <translation>硝酸银</translation>
    </message>
    <message>
        <source>site choice</source>
        <comment>kind of record</comment>
        <translation>本机构选择</translation>
    </message>
    <message>
        <source>some glare: tilt the light</source>
        <translation>有一些反光：请倾斜光源</translation>
    </message>
    <message>
        <source>some of it is brighter than the rest</source>
        <translation>部分区域比其余部分亮</translation>
    </message>
    <message>
        <source>somebody has graded its pair for labels</source>
        <translation>已有人为其配对图像给出标注级别</translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Taken with</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Haemostasis</comment>
        <translation>其他</translation>
    </message>
    <message>
        <source>something else is being written to it</source>
        <translation>正在向其写入其他内容</translation>
    </message>
    <message>
        <source>something is drawn on the picture</source>
        <translation>图像上有绘制内容</translation>
    </message>
    <message>
        <source>something is on record of the follow-up of the visit</source>
        <translation>该次就诊已有随访记录</translation>
    </message>
    <message>
        <source>something was found in the examination of the visit</source>
        <translation>该次就诊的检查中已有所见</translation>
    </message>
    <message>
        <source>specificity for HSIL+ as graded</source>
        <translation>按所给级别的 HSIL+ 特异度</translation>
    </message>
    <message>
        <source>specimen</source>
        <comment>kind of record</comment>
        <translation>标本</translation>
    </message>
    <message>
        <source>spoken</source>
        <comment>Consent</comment>
        <translation>口头</translation>
    </message>
    <message>
        <source>spread them over the cervix</source>
        <translation>请将各点分散在宫颈上</translation>
    </message>
    <message>
        <source>squamous cell carcinoma</source>
        <translation>鳞状细胞癌</translation>
    </message>
    <message>
        <source>squamous epithelium, atrophic</source>
        <translation>鳞状上皮，萎缩</translation>
    </message>
    <message>
        <source>squamous epithelium, mature</source>
        <translation>鳞状上皮，成熟</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>阶段</translation>
    </message>
    <message numerus="yes">
        <source>stage of %n picture(s)</source>
        <translation>
            <numerusform>%n 张图像的阶段</numerusform>
        </translation>
    </message>
    <message>
        <source>stained</source>
        <comment>Lugol's iodine</comment>
        <translation>着色</translation>
    </message>
    <message>
        <source>stalled</source>
        <translation>停滞</translation>
    </message>
    <message>
        <source>start it again to see it again</source>
        <translation>请重新开始以再次观看</translation>
    </message>
    <message>
        <source>start its clock in Capture</source>
        <translation>请在“采集”中启动其计时</translation>
    </message>
    <message>
        <source>start the clock anew only where acid was applied once more</source>
        <translation>只有再次涂醋酸时才重新开始计时</translation>
    </message>
    <message>
        <source>start the program of that version</source>
        <translation>请启动该版本的程序</translation>
    </message>
    <message>
        <source>start this as the user who installed the update; a library that a newer version opened is brought back with --library FOLDER</source>
        <translation>请以安装该更新的用户身份启动；较新版本打开过的病例库可用 --library FOLDER 恢复</translation>
    </message>
    <message>
        <source>start this as who installed the program</source>
        <translation>请以安装程序的用户身份运行</translation>
    </message>
    <message>
        <source>starts the clock</source>
        <translation>开始计时</translation>
    </message>
    <message>
        <source>stay on the picture</source>
        <translation>请勿超出图像</translation>
    </message>
    <message>
        <source>stayed white</source>
        <translation>醋白持续时间</translation>
    </message>
    <message>
        <source>stenosis</source>
        <translation>狭窄</translation>
    </message>
    <message>
        <source>sterilisation</source>
        <translation>绝育</translation>
    </message>
    <message>
        <source>structured report</source>
        <translation>结构化报告</translation>
    </message>
    <message>
        <source>structured report and registration</source>
        <translation>结构化报告和配准</translation>
    </message>
    <message>
        <source>structures disagree</source>
        <translation>结构不一致</translation>
    </message>
    <message>
        <source>structures not compared</source>
        <translation>未比较结构</translation>
    </message>
    <message>
        <source>subtotal</source>
        <comment>Hysterectomy</comment>
        <translation>次全切除</translation>
    </message>
    <message>
        <source>such as 14 Mar 1985 or 1985-03-14</source>
        <translation>如 1985年3月14日 或 1985-03-14</translation>
    </message>
    <message>
        <source>supports treatment at the first visit</source>
        <translation>支持首诊即治疗</translation>
    </message>
    <message>
        <source>suppressed otherwise</source>
        <translation>其他原因的免疫抑制</translation>
    </message>
    <message>
        <source>suspicious cervix</source>
        <translation>宫颈外观可疑</translation>
    </message>
    <message>
        <source>switch it off</source>
        <translation>请将其停用</translation>
    </message>
    <message>
        <source>switch it off and on, try again</source>
        <translation>请关闭后重新打开，再试一次</translation>
    </message>
    <message>
        <source>switched off</source>
        <translation>已停用</translation>
    </message>
    <message>
        <source>tabs</source>
        <translation>制表符</translation>
    </message>
    <message>
        <source>take a dark frame at these settings</source>
        <translation>请在当前设置下拍摄暗帧</translation>
    </message>
    <message>
        <source>take a white-light picture</source>
        <translation>请拍摄白光图像</translation>
    </message>
    <message>
        <source>take back her visits first</source>
        <translation>请先撤回该患者的就诊</translation>
    </message>
    <message>
        <source>take it again</source>
        <translation>请重新拍摄</translation>
    </message>
    <message>
        <source>take it away first</source>
        <translation>请先将其移除</translation>
    </message>
    <message>
        <source>take its result back first</source>
        <translation>请先撤回其结果</translation>
    </message>
    <message>
        <source>take pictures and records out of the library</source>
        <translation>从病例库导出图像和记录</translation>
    </message>
    <message>
        <source>take the pair again</source>
        <translation>请重新拍摄配对图像</translation>
    </message>
    <message>
        <source>take those results back first</source>
        <translation>请先撤回这些结果</translation>
    </message>
    <message>
        <source>take {count} letters or more; four words that do not belong together are good, and easy to keep</source>
        <translation>请使用至少 {count} 个字符；四个互不相关的词就很好，也便于记住</translation>
    </message>
    <message>
        <source>taken after a picture with acetic acid</source>
        <translation>在一张醋酸后图像之后拍摄</translation>
    </message>
    <message>
        <source>taken at ({why})</source>
        <translation>拍摄时间（{why}）</translation>
    </message>
    <message>
        <source>taken at: not known</source>
        <translation>拍摄时间：未知</translation>
    </message>
    <message>
        <source>taken {apart:.0f} s apart</source>
        <translation>拍摄相隔 {apart:.0f} 秒</translation>
    </message>
    <message>
        <source>taken {when}</source>
        <translation>拍摄于 {when}</translation>
    </message>
    <message numerus="yes">
        <source>taking %n picture(s)</source>
        <translation>
            <numerusform>采用 %n 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>taking in %n picture(s)</source>
        <translation>
            <numerusform>纳入 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>task</source>
        <comment>kind of record</comment>
        <translation>任务</translation>
    </message>
    <message>
        <source>tell whoever gave you the update file</source>
        <translation>请告知提供更新文件的人</translation>
    </message>
    <message>
        <source>that is before {year}</source>
        <translation>该时间早于 {year} 年</translation>
    </message>
    <message>
        <source>that is still to come</source>
        <translation>该时间尚未到来</translation>
    </message>
    <message numerus="yes">
        <source>the %n points that were placed were not applied and are gone</source>
        <translation>
            <numerusform>已放置的 %n 个点未应用，现已丢失</numerusform>
        </translation>
    </message>
    <message>
        <source>the AI answer about its pair was revealed</source>
        <translation>其配对图像的 AI 结果已显示过</translation>
    </message>
    <message>
        <source>the AI answer alone</source>
        <translation>仅 AI 结果</translation>
    </message>
    <message>
        <source>the AI answer of this visit was revealed before</source>
        <translation>本次就诊的 AI 结果此前已显示过</translation>
    </message>
    <message>
        <source>the AI answer stays hidden until there is a first read</source>
        <translation>有首次阅片之前，AI 结果保持隐藏</translation>
    </message>
    <message>
        <source>the AI is indeterminate</source>
        <translation>AI 结果不确定</translation>
    </message>
    <message>
        <source>the Reid index has no item {key!r}</source>
        <translation>Reid 指数没有项目 {key!r}</translation>
    </message>
    <message>
        <source>the SCJ line</source>
        <translation>SCJ 线</translation>
    </message>
    <message>
        <source>the Swede score has no item {key!r}</source>
        <translation>Swede 评分没有项目 {key!r}</translation>
    </message>
    <message>
        <source>the account {name} was switched off</source>
        <translation>账户 {name} 已停用</translation>
    </message>
    <message>
        <source>the answer that was revealed is not kept</source>
        <translation>显示过的 AI 结果未保留</translation>
    </message>
    <message>
        <source>the audit trail was not exported: this library is open for reading only, and an export must go on record</source>
        <translation>审计追踪未导出：本病例库以只读方式打开，而导出必须记录在案</translation>
    </message>
    <message>
        <source>the backup is unchanged</source>
        <translation>备份未改变</translation>
    </message>
    <message>
        <source>the backup is unchanged, and no library was made</source>
        <translation>备份未改变，也未创建病例库</translation>
    </message>
    <message>
        <source>the backup is unchanged; its snapshots and pictures are there, encrypted</source>
        <translation>备份未改变；其快照和图像仍在，且已加密</translation>
    </message>
    <message>
        <source>the backup {folder} is being written</source>
        <translation>正在写入备份 {folder}</translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is after the visit of {day}</source>
        <translation>{identifier} 已记录的出生日期（{birth}）晚于 {day} 的就诊</translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation>{identifier} 已记录的出生日期（{birth}）早于 {day} 的就诊超过 {years} 年</translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is after the visit of {day}</source>
        <translation>所述 {identifier} 的出生日期（{birth}）晚于 {day} 的就诊</translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation>所述 {identifier} 的出生日期（{birth}）早于 {day} 的就诊超过 {years} 年</translation>
    </message>
    <message>
        <source>the board lies aslant: its squares differ by {spread:.0%}</source>
        <translation>标定板放置倾斜：其方格大小相差 {spread:.0%}</translation>
    </message>
    <message>
        <source>the box {left}, {top}, {right}, {bottom} covers nothing of its picture</source>
        <translation>框 {left}, {top}, {right}, {bottom} 未覆盖其图像的任何部分</translation>
    </message>
    <message>
        <source>the camera could not be set for fluorescence: {problem}</source>
        <translation>无法将相机设为荧光：{problem}</translation>
    </message>
    <message>
        <source>the camera does not answer</source>
        <translation>相机没有响应</translation>
    </message>
    <message>
        <source>the camera failed in a way that nobody foresaw ({kind})</source>
        <translation>相机发生未预料的故障（{kind}）</translation>
    </message>
    <message>
        <source>the camera gives only damaged pictures</source>
        <translation>相机只给出损坏的图像</translation>
    </message>
    <message>
        <source>the camera is not open</source>
        <translation>相机未打开</translation>
    </message>
    <message>
        <source>the camera sends {coding}, which is not read</source>
        <translation>相机发送 {coding}，无法读取此格式</translation>
    </message>
    <message>
        <source>the card is as it was</source>
        <translation>模型卡保持原样</translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({error})</source>
        <translation>无法读取模型卡 {path}（{error}）</translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({reason})</source>
        <translation>无法读取模型卡 {path}（{reason}）</translation>
    </message>
    <message>
        <source>the clinic's number</source>
        <translation>院内编号</translation>
    </message>
    <message>
        <source>the clock of acetic acid does not run</source>
        <translation>醋酸计时未运行</translation>
    </message>
    <message>
        <source>the closing words of a report have at most {most} characters</source>
        <translation>报告结语最多 {most} 个字符</translation>
    </message>
    <message>
        <source>the contour would enclose nothing</source>
        <translation>该轮廓将不包围任何区域</translation>
    </message>
    <message>
        <source>the corner leaves the picture</source>
        <translation>该顶点超出图像</translation>
    </message>
    <message>
        <source>the dark frame is {width} x {height} pixels, the picture {its_width} x {its_height}</source>
        <translation>暗帧为 {width} x {height} 像素，图像为 {its_width} x {its_height}</translation>
    </message>
    <message>
        <source>the dark frame was taken with {setting} {value}, the picture with {other}</source>
        <translation>暗帧拍摄时{setting}为 {value}，图像拍摄时为 {other}</translation>
    </message>
    <message>
        <source>the database could not be completed</source>
        <translation>数据库未能完成写入</translation>
    </message>
    <message>
        <source>the database of the library {library} cannot be opened</source>
        <translation>无法打开病例库 {library} 的数据库</translation>
    </message>
    <message>
        <source>the database of the library {library} does not open with its keys</source>
        <translation>病例库 {library} 的数据库无法用其密钥打开</translation>
    </message>
    <message>
        <source>the database of the library {library} is damaged</source>
        <translation>病例库 {library} 的数据库已损坏</translation>
    </message>
    <message>
        <source>the database that was to be copied is damaged</source>
        <translation>要复制的数据库已损坏</translation>
    </message>
    <message>
        <source>the dates would not be moved</source>
        <translation>日期将不会被平移</translation>
    </message>
    <message>
        <source>the day on which a clock begins anew when its battery was empty</source>
        <translation>这是时钟电池耗尽后重新起算的日期</translation>
    </message>
    <message>
        <source>the demo library is being made</source>
        <translation>正在创建演示病例库</translation>
    </message>
    <message>
        <source>the device at {name} takes no connection there</source>
        <translation>{name} 处的设备不接受该处的连接</translation>
    </message>
    <message>
        <source>the disk did not take its end in time</source>
        <translation>磁盘未能及时写入其末尾</translation>
    </message>
    <message>
        <source>the disk does not lock files ({why})</source>
        <translation>磁盘不支持文件锁定（{why}）</translation>
    </message>
    <message>
        <source>the disk that holds it is full</source>
        <translation>其所在磁盘已满</translation>
    </message>
    <message>
        <source>the disk that holds {library} is full</source>
        <translation>{library} 所在磁盘已满</translation>
    </message>
    <message>
        <source>the disk that the video is written to is full</source>
        <translation>视频所写入的磁盘已满</translation>
    </message>
    <message>
        <source>the earlier picture shows no structure</source>
        <translation>既往图像未显示任何结构</translation>
    </message>
    <message>
        <source>the earlier program is gone: {folder}</source>
        <translation>较早的程序已不存在：{folder}</translation>
    </message>
    <message>
        <source>the earlier version is in use as before</source>
        <translation>较早的版本仍照常使用</translation>
    </message>
    <message>
        <source>the end of the recording was not kept: {why}</source>
        <translation>录像末尾未保留：{why}</translation>
    </message>
    <message>
        <source>the engine refuses its pictures</source>
        <translation>分析引擎拒绝其图像</translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {file}</source>
        <translation>导出未完成，且已写入的部分无法移除：{file}</translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {folder}</source>
        <translation>导出未完成，且已写入的部分无法移除：{folder}</translation>
    </message>
    <message>
        <source>the features of {source} are no numbers, or not those that the model was measured with</source>
        <translation>{source}的特征不是数字，或不是该模型测量时所用的特征</translation>
    </message>
    <message>
        <source>the file</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>the file does not end with its signature: the end was cut off, or something was added to it</source>
        <translation>文件末尾不是其签名：末尾被截断，或被添加了内容</translation>
    </message>
    <message>
        <source>the file ends after its first line: the rest was cut off</source>
        <translation>文件在第一行后即结束：其余部分被截断</translation>
    </message>
    <message>
        <source>the file has format version {theirs}, this program knows {ours}: update it</source>
        <translation>文件的格式版本为 {theirs}，本程序只识别 {ours}：请更新程序</translation>
    </message>
    <message>
        <source>the file holds {lines} lines of the trail, and {written} were written</source>
        <translation>文件含 {lines} 行审计追踪，而写入时为 {written} 行</translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation>文件为空</translation>
    </message>
    <message>
        <source>the file says that the picture was made from another one; it may be drawn over</source>
        <translation>文件注明该图像由另一图像生成；上面可能有绘制内容</translation>
    </message>
    <message>
        <source>the file says that words are drawn into the picture; they may name the patient</source>
        <translation>文件注明图像中绘有文字；文字可能透露患者姓名</translation>
    </message>
    <message>
        <source>the file was signed with another key: its fingerprint is {fingerprint}, and not {expected}</source>
        <translation>文件由另一密钥签名：其指纹为 {fingerprint}，而不是 {expected}</translation>
    </message>
    <message>
        <source>the file's name</source>
        <translation>文件名</translation>
    </message>
    <message>
        <source>the file's name {name}</source>
        <translation>文件名 {name}</translation>
    </message>
    <message>
        <source>the file's own record</source>
        <translation>文件自身的记录</translation>
    </message>
    <message>
        <source>the file's own record says so</source>
        <translation>文件自身的记录如此注明</translation>
    </message>
    <message>
        <source>the file's own record says the day only</source>
        <translation>文件自身的记录只注明日期</translation>
    </message>
    <message>
        <source>the findings are unchanged</source>
        <translation>所见未改变</translation>
    </message>
    <message>
        <source>the first line does not say that this is an export of an audit trail</source>
        <translation>第一行未注明这是审计追踪的导出</translation>
    </message>
    <message>
        <source>the first line holds no public key</source>
        <translation>第一行不含公钥</translation>
    </message>
    <message>
        <source>the first line is not what an export of an audit trail begins with</source>
        <translation>第一行不是审计追踪导出应有的开头</translation>
    </message>
    <message>
        <source>the first line must be {columns} (more columns do no harm)</source>
        <translation>第一行必须为 {columns}（多出的列无妨）</translation>
    </message>
    <message>
        <source>the first or the last line is not the one that the first line of the file names</source>
        <translation>第一行或最后一行与文件首行所注明的不同</translation>
    </message>
    <message>
        <source>the first picture shows no structure</source>
        <translation>第一张图像未显示任何结构</translation>
    </message>
    <message>
        <source>the first read is unchanged</source>
        <translation>首次阅片未改变</translation>
    </message>
    <message>
        <source>the fluorescence picture</source>
        <translation>荧光图像</translation>
    </message>
    <message>
        <source>the fluorescence picture shows no structure</source>
        <translation>荧光图像未显示任何结构</translation>
    </message>
    <message>
        <source>the folder cannot be looked into: {problem}</source>
        <translation>无法查看该文件夹：{problem}</translation>
    </message>
    <message>
        <source>the folder cannot be written: {why}</source>
        <translation>无法写入该文件夹：{why}</translation>
    </message>
    <message>
        <source>the folder holds more than {count:,} files: give its parts one by one</source>
        <translation>文件夹含超过 {count:,} 个文件：请逐个给出其各部分</translation>
    </message>
    <message>
        <source>the folder is not there any more</source>
        <translation>该文件夹已不存在</translation>
    </message>
    <message>
        <source>the folder {folder} is not empty</source>
        <translation>文件夹 {folder} 不为空</translation>
    </message>
    <message>
        <source>the folder {name}</source>
        <translation>文件夹 {name}</translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {problem}</source>
        <translation>无法查看文件夹 {path}：{problem}</translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {why}</source>
        <translation>无法查看文件夹 {path}：{why}</translation>
    </message>
    <message>
        <source>the frame is of another size</source>
        <translation>该帧尺寸不同</translation>
    </message>
    <message>
        <source>the frames do not show this normal tissue without glare</source>
        <translation>没有一帧能无反光地显示此正常组织</translation>
    </message>
    <message>
        <source>the frames do not show this place without glare</source>
        <translation>没有一帧能无反光地显示此处</translation>
    </message>
    <message>
        <source>the frames for a dark frame are not of one size</source>
        <translation>用于暗帧的各帧尺寸不一</translation>
    </message>
    <message>
        <source>the head of {file} cannot be read</source>
        <translation>无法读取 {file} 的文件头</translation>
    </message>
    <message>
        <source>the heading of a report have at most {most} characters</source>
        <translation>报告标题最多 {most} 个字符</translation>
    </message>
    <message>
        <source>the identifier of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>患者或申请单的编号超过 DICOM 可容纳的 {longest} 个字符</translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}</source>
        <translation>编号 {identifier} 已属于 {name}</translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}, on record as {other}</source>
        <translation>编号 {identifier} 已属于 {name}，登记为 {other}</translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record for {name}, and folder or file say {other}</source>
        <translation>编号 {identifier} 登记的患者为 {name}，而文件夹或文件注明的是 {other}</translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s) and without the {missing} said here</source>
        <translation>
            <numerusform>编号 {identifier} 已有记录，含 %n 张图像，但没有此处所述的{missing}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s), and {names} within it may be another woman</source>
        <translation>
            <numerusform>编号 {identifier} 已有记录，含 %n 张图像，其中的 {names} 可能是另一患者</numerusform>
        </translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another birth date than {birth}</source>
        <translation>编号 {identifier} 已登记的出生日期与 {birth} 不同</translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another name or birth date</source>
        <translation>编号 {identifier} 已登记了不同的姓名或出生日期</translation>
    </message>
    <message>
        <source>the identifier {identifier} is said to be {name}'s, and folder or file say {other}</source>
        <translation>编号 {identifier} 被指明属于 {name}，而文件夹或文件注明的是 {other}</translation>
    </message>
    <message>
        <source>the installer of version {version} is not kept by the program</source>
        <translation>本程序没有保留版本 {version} 的安装程序</translation>
    </message>
    <message>
        <source>the kept plan cannot be read</source>
        <translation>无法读取已保存的检查方案</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}), and no other in {folder} is whole</source>
        <translation>快照 {snapshot} 的密钥文件{harm}（{file}），且 {folder} 中没有其他完好的密钥文件</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): pfm library restore brings it back with that of another one, with the names and passwords of that day</source>
        <translation>快照 {snapshot} 的密钥文件{harm}（{file}）：pfm library restore 会借助另一快照的密钥文件将其恢复，用户名和密码以该密钥文件当日的为准</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): that of {other} is used, which opens it as well, with the names and passwords of that day</source>
        <translation>快照 {snapshot} 的密钥文件{harm}（{file}）：改用 {other} 的密钥文件，它同样可以打开该快照，用户名和密码以该密钥文件当日的为准</translation>
    </message>
    <message>
        <source>the key file {file} is missing or damaged: without it nobody can open this library</source>
        <translation>密钥文件 {file} 缺失或已损坏：没有它，任何人都无法打开本病例库</translation>
    </message>
    <message>
        <source>the key that signs exports of the audit trail is damaged</source>
        <translation>用于签名审计追踪导出的密钥已损坏</translation>
    </message>
    <message>
        <source>the kind of DICOM was not changed: {why}</source>
        <translation>DICOM 类型未更改：{why}</translation>
    </message>
    <message numerus="yes">
        <source>the labels of %n case(s) of the locked test have changed since the models were compared</source>
        <translation>
            <numerusform>自模型比较以来，锁定测试集中 %n 个病例的标注已更改</numerusform>
        </translation>
    </message>
    <message>
        <source>the laboratory has answered on biopsies of its pair</source>
        <translation>实验室已对其配对图像的活检给出结果</translation>
    </message>
    <message>
        <source>the laboratory has answered on it</source>
        <translation>实验室已对其给出结果</translation>
    </message>
    <message>
        <source>the lamp on {port}</source>
        <translation>{port} 上的光源灯</translation>
    </message>
    <message>
        <source>the lamp said white light, and the picture looks like fluorescence</source>
        <translation>光源灯显示为白光，但图像看起来像荧光</translation>
    </message>
    <message>
        <source>the lamp says fluorescence, and the picture looks like white light, or like both at once</source>
        <translation>光源灯显示为荧光，但图像看起来像白光，或像两者同时存在</translation>
    </message>
    <message>
        <source>the lamp {name}</source>
        <translation>光源灯 {name}</translation>
    </message>
    <message>
        <source>the last administrator of a library cannot be taken away</source>
        <translation>不能移除病例库的最后一位管理员</translation>
    </message>
    <message>
        <source>the last update led to version {new}, and {version} is installed</source>
        <translation>上次更新到版本 {new}，而当前安装的是 {version}</translation>
    </message>
    <message>
        <source>the learned model {model} is missing or altered in the backup</source>
        <translation>备份中训练所得的模型 {model} 缺失或已被改动</translation>
    </message>
    <message>
        <source>the learned model {name}</source>
        <translation>训练所得的模型 {name}</translation>
    </message>
    <message>
        <source>the learned model {name} is missing or altered ({folder})</source>
        <translation>训练所得的模型 {name} 缺失或已被改动（{folder}）</translation>
    </message>
    <message>
        <source>the library and the backups before are unchanged</source>
        <translation>病例库和之前的备份未改变</translation>
    </message>
    <message>
        <source>the library in {path} could not be opened for writing: {why}</source>
        <translation>无法以写入方式打开 {path} 中的病例库：{why}</translation>
    </message>
    <message>
        <source>the library is no longer at {library}: its folder was moved or renamed, or its disk is gone</source>
        <translation>病例库已不在 {library}：其文件夹被移动或重命名，或其磁盘已断开</translation>
    </message>
    <message>
        <source>the library is no longer at {path}: its folder or the file 'lock' in it was moved, renamed or removed while it was open, or its disk is gone</source>
        <translation>病例库已不在 {path}：打开期间，其文件夹或其中的文件“lock”被移动、重命名或移除，或其磁盘已断开</translation>
    </message>
    <message>
        <source>the library is open for reading only: {reason}</source>
        <translation>病例库以只读方式打开：{reason}</translation>
    </message>
    <message>
        <source>the library is unchanged</source>
        <translation>病例库未改变</translation>
    </message>
    <message>
        <source>the library is unchanged and was not brought up to date</source>
        <translation>病例库未改变，也未更新到新版本</translation>
    </message>
    <message>
        <source>the library is unchanged, and no encrypted one was made</source>
        <translation>病例库未改变，也未创建加密的病例库</translation>
    </message>
    <message>
        <source>the library refused a change that would leave records without what they refer to ({problem})</source>
        <translation>病例库拒绝了一项更改，因为该更改会使记录失去其所引用的内容（{problem}）</translation>
    </message>
    <message>
        <source>the library still cannot be written: {reason}</source>
        <translation>病例库仍无法写入：{reason}</translation>
    </message>
    <message>
        <source>the library {library} cannot be read: its disk or network share answers with an error ({problem})</source>
        <translation>无法读取病例库 {library}：其磁盘或网络共享返回错误（{problem}）</translation>
    </message>
    <message>
        <source>the library {library} could not be closed: {file} is left</source>
        <translation>无法关闭病例库 {library}：遗留了 {file}</translation>
    </message>
    <message>
        <source>the library {library} could not be read or written ({problem})</source>
        <translation>无法读取或写入病例库 {library}（{problem}）</translation>
    </message>
    <message>
        <source>the library {library} could not be used: {problem}</source>
        <translation>无法使用病例库 {library}：{problem}</translation>
    </message>
    <message>
        <source>the library {library} has no copy from before the update</source>
        <translation>病例库 {library} 没有更新前的副本</translation>
    </message>
    <message>
        <source>the library {library} is busy: {why}</source>
        <translation>病例库 {library} 正忙：{why}</translation>
    </message>
    <message>
        <source>the library {library} is encrypted</source>
        <translation>病例库 {library} 已加密</translation>
    </message>
    <message>
        <source>the library {library} is of an older version, and there is too little room to copy it before it is brought up to date: {needed} MB are needed, {free} MB are free</source>
        <translation>病例库 {library} 是较早的版本，升级前没有足够的空间复制它：需要 {needed} MB，可用 {free} MB</translation>
    </message>
    <message>
        <source>the library {library} is {state}</source>
        <translation>病例库 {library}：{state}</translation>
    </message>
    <message>
        <source>the library {library} may not be written</source>
        <translation>病例库 {library} 不允许写入</translation>
    </message>
    <message>
        <source>the library {library} was made by a newer version of this program (library version {version}, this program knows {known})</source>
        <translation>病例库 {library} 由本程序的较新版本创建（病例库版本 {version}，本程序只识别 {known}）</translation>
    </message>
    <message>
        <source>the library {path} is closed</source>
        <translation>病例库 {path} 已关闭</translation>
    </message>
    <message>
        <source>the library {path} is encrypted, and {key_file} and {copy} are missing: without one nobody can open it</source>
        <translation>病例库 {path} 已加密，而 {key_file} 和 {copy} 均缺失：没有其中之一，任何人都无法打开</translation>
    </message>
    <message>
        <source>the library {path} is of an older version and cannot be brought up to date: {reason}</source>
        <translation>病例库 {path} 版本较旧，且无法更新：{reason}</translation>
    </message>
    <message>
        <source>the library {path} is open for reading only: {why}</source>
        <translation>病例库 {path} 以只读方式打开：{why}</translation>
    </message>
    <message>
        <source>the library {path} is perhaps in use by another user of this computer or on another one: {why}</source>
        <translation>病例库 {path} 可能正被本计算机的另一用户或另一台计算机使用：{why}</translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, and {reason}: it cannot be brought in order</source>
        <translation>病例库 {path} 未正常关闭，且{reason}：无法恢复正常</translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, or is in use elsewhere, and its folder cannot be written</source>
        <translation>病例库 {path} 未正常关闭，或正在别处使用，且其文件夹无法写入</translation>
    </message>
    <message>
        <source>the light is off</source>
        <translation>光源已关闭</translation>
    </message>
    <message>
        <source>the line leaves the picture</source>
        <translation>线条超出图像</translation>
    </message>
    <message>
        <source>the manifest says so</source>
        <translation>清单如此注明</translation>
    </message>
    <message>
        <source>the manifest says the source only</source>
        <translation>清单只注明光源</translation>
    </message>
    <message>
        <source>the map of whitening</source>
        <translation>醋白变化图</translation>
    </message>
    <message>
        <source>the margin to blank covers all of it</source>
        <translation>要遮盖的边缘覆盖了整张图像</translation>
    </message>
    <message>
        <source>the margin to blank is less than 0 pixels</source>
        <translation>要遮盖的边缘小于 0 像素</translation>
    </message>
    <message>
        <source>the mark lies outside the picture</source>
        <translation>标记位于图像之外</translation>
    </message>
    <message>
        <source>the marks must come in the order of their seconds</source>
        <translation>各时间标记必须按秒数先后排列</translation>
    </message>
    <message>
        <source>the model asks for {names}</source>
        <translation>该模型要求 {names}</translation>
    </message>
    <message>
        <source>the model cannot be asked: {why}</source>
        <translation>无法向模型提问：{why}</translation>
    </message>
    <message>
        <source>the model could not be copied to {out}: {why}</source>
        <translation>无法将模型复制到 {out}：{why}</translation>
    </message>
    <message>
        <source>the model does not read its sources</source>
        <translation>模型不读取其光源</translation>
    </message>
    <message>
        <source>the model in use stays</source>
        <translation>使用中的模型保持不变</translation>
    </message>
    <message>
        <source>the model is not the one that the run has made</source>
        <translation>该模型不是此次训练所产生的模型</translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are white light + {second}</source>
        <translation>模型应读取{sources}，而病例为白光 + {second}</translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are {others}</source>
        <translation>模型应读取{sources}，而病例为{others}</translation>
    </message>
    <message>
        <source>the model is unchanged</source>
        <translation>模型未改变</translation>
    </message>
    <message>
        <source>the model itself is written</source>
        <translation>模型本身已写入</translation>
    </message>
    <message>
        <source>the model to start from is unchanged</source>
        <translation>起始模型未改变</translation>
    </message>
    <message>
        <source>the model was not changed: {why}</source>
        <translation>模型未更改：{why}</translation>
    </message>
    <message>
        <source>the model was trained for pictures that this program does not know: {source}</source>
        <translation>该模型训练所用的图像类型本程序不识别：{source}</translation>
    </message>
    <message>
        <source>the model {model} that was learned here is missing or altered: it is not backed up</source>
        <translation>在此训练所得的模型 {model} 缺失或已被改动：未备份</translation>
    </message>
    <message>
        <source>the model {model} was not brought back: it is not in the backup, or altered there</source>
        <translation>模型 {model} 未恢复：备份中没有，或在备份中已被改动</translation>
    </message>
    <message>
        <source>the model {name} does not read {sources}</source>
        <translation>模型 {name} 不读取 {sources}</translation>
    </message>
    <message>
        <source>the model {name} has variant {variant}, not {wanted}</source>
        <translation>模型 {name} 的变体为 {variant}，而不是 {wanted}</translation>
    </message>
    <message>
        <source>the model {name} holds imported trunks only and was never trained to grade</source>
        <translation>模型 {name} 只含导入的主干网络，从未训练过分级</translation>
    </message>
    <message>
        <source>the model {name} reads {sources}</source>
        <translation>模型 {name} 读取{sources}</translation>
    </message>
    <message>
        <source>the model {name} reads {sources} only, not {others}</source>
        <translation>模型 {name} 只读取{sources}，不读取{others}</translation>
    </message>
    <message>
        <source>the model {name} {version} gives an answer that is no number</source>
        <translation>模型 {name} {version} 给出的一个结果不是数字</translation>
    </message>
    <message>
        <source>the model {name} {version} gives answers that are no numbers</source>
        <translation>模型 {name} {version} 给出的结果不是数字</translation>
    </message>
    <message>
        <source>the model's heatmaps are drawn by {method}</source>
        <translation>该模型的热图由 {method} 绘制</translation>
    </message>
    <message>
        <source>the name has signs that cannot be seen, or letters of two alphabets in one word</source>
        <translation>名称含有不可见的字符，或同一个词中混有两种字母</translation>
    </message>
    <message>
        <source>the name in {name} is not known in this network</source>
        <translation>{name} 中的名称在此网络中未知</translation>
    </message>
    <message>
        <source>the name of a file to write is empty or this folder</source>
        <translation>要写入的文件名为空，或为当前文件夹</translation>
    </message>
    <message>
        <source>the name of the folder {folder} is not written in UTF-8</source>
        <translation>文件夹 {folder} 的名称不是 UTF-8 编码</translation>
    </message>
    <message>
        <source>the name of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>患者或申请单的名称超过 DICOM 可容纳的 {longest} 个字符</translation>
    </message>
    <message>
        <source>the name or the password is wrong</source>
        <translation>用户名或密码错误</translation>
    </message>
    <message>
        <source>the name {name}</source>
        <translation>名称 {name}</translation>
    </message>
    <message>
        <source>the name {name} says so</source>
        <translation>名称 {name} 如此注明</translation>
    </message>
    <message>
        <source>the name {name} says the day only</source>
        <translation>名称 {name} 只注明日期</translation>
    </message>
    <message>
        <source>the network gives a heatmap that is no number</source>
        <translation>网络给出的热图不是数字</translation>
    </message>
    <message>
        <source>the network is unchanged</source>
        <translation>网络未改变</translation>
    </message>
    <message>
        <source>the network table is damaged ({error})</source>
        <translation>网络参数表已损坏（{error}）</translation>
    </message>
    <message>
        <source>the new model is not promoted: {reasons}</source>
        <translation>新模型未启用：{reasons}</translation>
    </message>
    <message>
        <source>the new password is set; roles, and who may sign in, are as before</source>
        <translation>新密码已设置；角色以及可登录的人员均与之前相同</translation>
    </message>
    <message>
        <source>the new version does not start on this computer: {why}</source>
        <translation>新版本无法在此计算机上启动：{why}</translation>
    </message>
    <message>
        <source>the new version goes beside the present one, and {folder} may not be written</source>
        <translation>新版本将放在当前版本旁边，但 {folder} 不可写入</translation>
    </message>
    <message numerus="yes">
        <source>the newest %n line(s); scroll down for older ones</source>
        <translation>
            <numerusform>最新的 %n 行；向下滚动可查看更早的行</numerusform>
        </translation>
    </message>
    <message>
        <source>the newest {shown:,} visits; scroll down or search to find older ones</source>
        <translation>最新的 {shown:,} 次就诊；向下滚动或搜索可查找更早的就诊</translation>
    </message>
    <message>
        <source>the only case cannot be used</source>
        <translation>唯一的病例无法使用</translation>
    </message>
    <message>
        <source>the only two of the visit</source>
        <translation>该次就诊仅有的两张图像</translation>
    </message>
    <message>
        <source>the os is marked on its pair</source>
        <translation>其配对图像上已标记宫颈外口</translation>
    </message>
    <message>
        <source>the other visit has this picture already</source>
        <translation>另一次就诊已有此图像</translation>
    </message>
    <message>
        <source>the outline that was begun was not finished and is gone</source>
        <translation>已开始的轮廓未完成，现已丢失</translation>
    </message>
    <message>
        <source>the overlap mask is {mask_width} x {mask_height}, the picture {width} x {height}</source>
        <translation>重叠掩膜为 {mask_width} x {mask_height}，图像为 {width} x {height}</translation>
    </message>
    <message>
        <source>the packing of its pixels is broken</source>
        <translation>其像素的压缩编码已损坏</translation>
    </message>
    <message>
        <source>the pair</source>
        <translation>配对图像</translation>
    </message>
    <message>
        <source>the pair is not registered</source>
        <translation>配对图像未配准</translation>
    </message>
    <message>
        <source>the pair is not registered: {why}</source>
        <translation>配对图像未配准：{why}</translation>
    </message>
    <message>
        <source>the pair is on the stage as before</source>
        <translation>图像区中的配对图像与之前相同</translation>
    </message>
    <message>
        <source>the pair is registered as it was before</source>
        <translation>配对图像的配准与之前相同</translation>
    </message>
    <message>
        <source>the pair lacks one source</source>
        <translation>配对图像缺少一种光源</translation>
    </message>
    <message>
        <source>the parts of this clip are not those that were on record when it was closed</source>
        <translation>此视频片段的各部分与其关闭时的记录不符</translation>
    </message>
    <message>
        <source>the password of {name}</source>
        <translation>{name} 的密码</translation>
    </message>
    <message>
        <source>the picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>the picture belongs to a pair</source>
        <translation>该图像属于一组配对图像</translation>
    </message>
    <message>
        <source>the picture does not belong to this visit</source>
        <translation>该图像不属于本次就诊</translation>
    </message>
    <message>
        <source>the picture file {name}... is missing from {folder}</source>
        <translation>{folder} 中缺少图像文件 {name}...</translation>
    </message>
    <message>
        <source>the picture file {path} cannot be read: {why}</source>
        <translation>无法读取图像文件 {path}：{why}</translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its hash</source>
        <translation>图像文件 {path} 已被改动：其内容与哈希值不符</translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its name</source>
        <translation>图像文件 {path} 已被改动：其内容与文件名不符</translation>
    </message>
    <message>
        <source>the picture has no pixels</source>
        <translation>图像没有像素</translation>
    </message>
    <message>
        <source>the picture is as it was</source>
        <translation>图像保持原样</translation>
    </message>
    <message>
        <source>the picture of {day} cannot be shown: {problem}</source>
        <translation>无法显示 {day} 的图像：{problem}</translation>
    </message>
    <message>
        <source>the picture says so</source>
        <translation>图像如此注明</translation>
    </message>
    <message>
        <source>the picture says so; its zone is taken for that of this computer</source>
        <translation>图像如此注明；其时区按本计算机的时区处理</translation>
    </message>
    <message>
        <source>the picture {name} says {day}</source>
        <translation>图像 {name} 注明的日期为 {day}</translation>
    </message>
    <message>
        <source>the pictures are refused</source>
        <translation>图像被拒绝</translation>
    </message>
    <message>
        <source>the pictures are unchanged</source>
        <translation>图像未改变</translation>
    </message>
    <message>
        <source>the pictures could not be registered</source>
        <translation>图像无法配准</translation>
    </message>
    <message>
        <source>the pictures could not be shown</source>
        <translation>图像无法显示</translation>
    </message>
    <message>
        <source>the pictures do not show the same structures</source>
        <translation>两张图像显示的结构不同</translation>
    </message>
    <message>
        <source>the pictures on the stage do not belong to this visit</source>
        <translation>图像区中的图像不属于本次就诊</translation>
    </message>
    <message>
        <source>the pictures shown are not those that were signed</source>
        <translation>所显示的图像不是签署时的图像</translation>
    </message>
    <message>
        <source>the pictures that you gave are unchanged</source>
        <translation>所提供的图像未改变</translation>
    </message>
    <message>
        <source>the pictures were not added: another visit was opened before the files were read. Add them again</source>
        <translation>图像未添加：文件读取之前打开了另一次就诊。请重新添加</translation>
    </message>
    <message>
        <source>the pictures were prepared at {size} pixels, {name} reads {wanted}</source>
        <translation>图像按 {size} 像素准备，而 {name} 读取 {wanted}</translation>
    </message>
    <message>
        <source>the pixels ({shape}, {kind}) are not those of a picture of {width} x {height}</source>
        <translation>像素（{shape}，{kind}）不是 {width} x {height} 图像的像素</translation>
    </message>
    <message>
        <source>the plan before still counts</source>
        <translation>之前的检查方案仍然有效</translation>
    </message>
    <message>
        <source>the point that was placed was not applied and is gone</source>
        <translation>已放置的点未应用，现已丢失</translation>
    </message>
    <message>
        <source>the points do not fit each other well: look whether the tissue fits</source>
        <translation>各点彼此吻合不佳：请查看组织是否吻合</translation>
    </message>
    <message>
        <source>the points fold the picture: one of them may lie wrong, so look whether the tissue fits</source>
        <translation>这些点使图像折叠：其中一个可能位置有误，请查看组织是否吻合</translation>
    </message>
    <message>
        <source>the points lie on top of each other or on one line</source>
        <translation>各点彼此重叠，或位于同一直线上</translation>
    </message>
    <message>
        <source>the program ended without closing this library, and {harm}</source>
        <translation>程序未关闭本病例库即结束，且 {harm}</translation>
    </message>
    <message>
        <source>the program itself is damaged: install it again</source>
        <translation>程序本身已损坏：请重新安装</translation>
    </message>
    <message>
        <source>the program that was in use still is</source>
        <translation>原来使用的程序仍在使用</translation>
    </message>
    <message>
        <source>the pseudonym holds part of the patient's name or identifier</source>
        <translation>化名含有患者姓名或编号的一部分</translation>
    </message>
    <message>
        <source>the pseudonym is empty, too long or holds signs that DICOM does not</source>
        <translation>化名为空、过长，或含有 DICOM 不支持的字符</translation>
    </message>
    <message>
        <source>the read before is unchanged</source>
        <translation>之前的阅片未改变</translation>
    </message>
    <message>
        <source>the read is as before</source>
        <translation>阅片与之前相同</translation>
    </message>
    <message>
        <source>the reads before are kept</source>
        <translation>之前的阅片已保留</translation>
    </message>
    <message>
        <source>the recovery key</source>
        <translation>恢复密钥</translation>
    </message>
    <message>
        <source>the recovery key has a letter or digit wrong</source>
        <translation>恢复密钥中有一个字母或数字错误</translation>
    </message>
    <message>
        <source>the referral card</source>
        <translation>转诊卡</translation>
    </message>
    <message>
        <source>the registration is unchanged</source>
        <translation>配准未改变</translation>
    </message>
    <message>
        <source>the registration may not be sent: {cause}</source>
        <translation>该配准不可发送：{cause}</translation>
    </message>
    <message>
        <source>the registration may not be used: {reason}</source>
        <translation>该配准不可使用：{reason}</translation>
    </message>
    <message>
        <source>the registration {how}, which DICOM's Spatial Registration cannot hold</source>
        <translation>该配准{how}，DICOM 的 Spatial Registration 无法容纳</translation>
    </message>
    <message>
        <source>the report font is missing or damaged in {folder}</source>
        <translation>{folder} 中的报告字体缺失或已损坏</translation>
    </message>
    <message>
        <source>the result is as before</source>
        <translation>结果与之前相同</translation>
    </message>
    <message>
        <source>the run cannot be told: {reason}</source>
        <translation>无法向此次训练传达指令：{reason}</translation>
    </message>
    <message>
        <source>the same picture stands under another woman too</source>
        <translation>同一图像也在另一患者名下</translation>
    </message>
    <message>
        <source>the same picture twice</source>
        <translation>同一图像出现两次</translation>
    </message>
    <message>
        <source>the same picture was given twice</source>
        <translation>同一图像给出了两次</translation>
    </message>
    <message>
        <source>the same picture, saved anew, is on record for another woman ({identifier})</source>
        <translation>同一图像（重新保存过）已记录在另一患者（{identifier}）名下</translation>
    </message>
    <message>
        <source>the secret of the export is shorter than {fewest} bytes</source>
        <translation>导出的保密值短于 {fewest} 字节</translation>
    </message>
    <message>
        <source>the share of prediction sets that hold the label</source>
        <translation>包含标注的预测集所占比例</translation>
    </message>
    <message>
        <source>the share that is read again lies between 0 and 1</source>
        <translation>再次阅片的比例应在 0 与 1 之间</translation>
    </message>
    <message>
        <source>the signature does not fit: the file is not what was signed</source>
        <translation>签名不符：文件不是当初签名的文件</translation>
    </message>
    <message>
        <source>the signed findings are unchanged</source>
        <translation>已签署的所见未改变</translation>
    </message>
    <message>
        <source>the simulated camera has no {control}</source>
        <translation>模拟相机没有{control}</translation>
    </message>
    <message>
        <source>the size of its frames cannot be</source>
        <translation>其帧尺寸不可能成立</translation>
    </message>
    <message>
        <source>the size of the prediction sets</source>
        <translation>预测集的大小</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} cannot be checked: {problem}</source>
        <translation>无法检查快照 {snapshot}：{problem}</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} is damaged ({wrong}): bring back another one</source>
        <translation>快照 {snapshot} 已损坏（{wrong}）：请恢复另一个快照</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} of the backup {folder} is damaged ({wrong})</source>
        <translation>备份 {folder} 的快照 {snapshot} 已损坏（{wrong}）</translation>
    </message>
    <message>
        <source>the source of one is only a guess</source>
        <translation>其中一张的光源只是猜测</translation>
    </message>
    <message>
        <source>the step {step} stands in it twice</source>
        <translation>步骤“{step}”在其中出现两次</translation>
    </message>
    <message>
        <source>the stored registration cannot be read</source>
        <translation>无法读取已保存的配准</translation>
    </message>
    <message>
        <source>the structures do not agree where the points put them</source>
        <translation>按这些点对位时，结构不一致</translation>
    </message>
    <message>
        <source>the structures fit only in part</source>
        <translation>结构仅部分吻合</translation>
    </message>
    <message>
        <source>the system lacks {libraries}</source>
        <translation>系统缺少 {libraries}</translation>
    </message>
    <message>
        <source>the time of a frame is no number</source>
        <translation>某帧的时间不是数字</translation>
    </message>
    <message>
        <source>the time to the lock was not changed: {why}</source>
        <translation>自动锁定时间未更改：{why}</translation>
    </message>
    <message>
        <source>the token width must be a multiple of the number of heads</source>
        <translation>token 宽度必须是注意力头数的整数倍</translation>
    </message>
    <message>
        <source>the top</source>
        <translation>最上层</translation>
    </message>
    <message>
        <source>the training failed: in {where} its loss was no number</source>
        <translation>训练失败：{where}的损失值不是数字</translation>
    </message>
    <message>
        <source>the trunks of {name} do not fit: only one of the two networks is built with PConv</source>
        <translation>{name} 的主干网络不适用：两个网络中只有一个使用 PConv</translation>
    </message>
    <message>
        <source>the two pictures could not be put on each other</source>
        <translation>两张图像无法叠合</translation>
    </message>
    <message>
        <source>the two pictures differ in size</source>
        <translation>两张图像尺寸不同</translation>
    </message>
    <message>
        <source>the two pictures do not belong together</source>
        <translation>两张图像不属于同一组</translation>
    </message>
    <message>
        <source>the two pictures look swapped</source>
        <translation>两张图像似乎互换了</translation>
    </message>
    <message>
        <source>the two pictures of case {case} differ in size</source>
        <translation>病例 {case} 的两张图像尺寸不同</translation>
    </message>
    <message>
        <source>the two points are only {apart:.0f} pixels apart</source>
        <translation>两点仅相距 {apart:.0f} 像素</translation>
    </message>
    <message>
        <source>the validation after epoch {epoch}</source>
        <translation>第 {epoch} 轮后的验证</translation>
    </message>
    <message>
        <source>the video cannot be written: {why}</source>
        <translation>无法写入视频：{why}</translation>
    </message>
    <message>
        <source>the video could not be written whole: {found} of {shown} frames can be read again</source>
        <translation>视频未能完整写入：{shown} 帧中只有 {found} 帧可重新读取</translation>
    </message>
    <message>
        <source>the visit</source>
        <translation>就诊</translation>
    </message>
    <message>
        <source>the visit and all that is in it are kept</source>
        <translation>该次就诊及其全部内容均已保留</translation>
    </message>
    <message>
        <source>the visit is not signed</source>
        <translation>该次就诊未签署</translation>
    </message>
    <message>
        <source>the weights are as before this step</source>
        <translation>权重与此步骤之前相同</translation>
    </message>
    <message>
        <source>the weights do not fit the network: {weight} and {more} more</source>
        <translation>权重与网络不符：{weight}，另有 {more} 项</translation>
    </message>
    <message>
        <source>the weights of {name} are missing ({weights})</source>
        <translation>{name} 的权重缺失（{weights}）</translation>
    </message>
    <message>
        <source>the weights of {name} cannot be read ({error})</source>
        <translation>无法读取 {name} 的权重（{error}）</translation>
    </message>
    <message>
        <source>the weights of {name} hold values that are no numbers ({key})</source>
        <translation>{name} 的权重含有不是数字的值（{key}）</translation>
    </message>
    <message>
        <source>the weights {name} do not fit the network</source>
        <translation>权重 {name} 与网络不符</translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} (hash {found}, {file} says {told})</source>
        <translation>权重 {weights} 不属于 {name}（哈希值为 {found}，{file} 注明为 {told}）</translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} ({size} bytes, its network has {most} at most)</source>
        <translation>权重 {weights} 不属于 {name}（{size} 字节，其网络最多 {most} 字节）</translation>
    </message>
    <message>
        <source>the white-light picture</source>
        <translation>白光图像</translation>
    </message>
    <message>
        <source>the white-light picture is kept</source>
        <translation>白光图像已保留</translation>
    </message>
    <message>
        <source>the white-light picture shows no structure</source>
        <translation>白光图像未显示任何结构</translation>
    </message>
    <message>
        <source>the worker ended unexpectedly (exit code {code})</source>
        <translation>后台进程意外结束（退出代码 {code}）</translation>
    </message>
    <message>
        <source>the zip unpacks to more than {limit} GB</source>
        <translation>zip 解压后超过 {limit} GB</translation>
    </message>
    <message>
        <source>the {control} of a recording cannot be set</source>
        <translation>录像的{control}无法设置</translation>
    </message>
    <message>
        <source>the {control} of this camera goes from {low:g} to {high:g}, not to {value:g}</source>
        <translation>此相机的{control}范围为 {low:g} 至 {high:g}，不能设为 {value:g}</translation>
    </message>
    <message>
        <source>the {name} picture is no array but {kind}</source>
        <translation>{name} 图像不是数组，而是 {kind}</translation>
    </message>
    <message>
        <source>the {name} picture is {dtype} of shape {shape}</source>
        <translation>{name} 图像为 {dtype}，形状为 {shape}</translation>
    </message>
    <message>
        <source>the {source} picture: {problems}</source>
        <translation>{source}图像：{problems}</translation>
    </message>
    <message>
        <source>their names differ in source and stage only</source>
        <translation>名称仅光源和阶段不同</translation>
    </message>
    <message>
        <source>there are clips in the visit</source>
        <translation>该次就诊中有视频片段</translation>
    </message>
    <message>
        <source>there are curves of whitening in the visit</source>
        <translation>该次就诊中有醋白变化曲线</translation>
    </message>
    <message>
        <source>there are drawings in the visit</source>
        <translation>该次就诊中有绘制内容</translation>
    </message>
    <message>
        <source>there are findings in the visit</source>
        <translation>该次就诊中有所见</translation>
    </message>
    <message>
        <source>there are lesions in the visit</source>
        <translation>该次就诊中有病变</translation>
    </message>
    <message>
        <source>there are more cases than the memory holds</source>
        <translation>病例数超过内存可容纳的数量</translation>
    </message>
    <message>
        <source>there are no frames to look at yet</source>
        <translation>尚无可查看的帧</translation>
    </message>
    <message>
        <source>there are no pseudo-terminals on this system, so that a lamp cannot be simulated</source>
        <translation>此系统没有伪终端，因此无法模拟光源灯</translation>
    </message>
    <message>
        <source>there are no two pictures to play</source>
        <translation>没有两张可播放的图像</translation>
    </message>
    <message>
        <source>there are no two pictures to play: {reasons}</source>
        <translation>没有两张可播放的图像：{reasons}</translation>
    </message>
    <message>
        <source>there are none</source>
        <translation>没有</translation>
    </message>
    <message>
        <source>there are pairs in the visit</source>
        <translation>该次就诊中有配对图像</translation>
    </message>
    <message>
        <source>there are pictures in the visit</source>
        <translation>该次就诊中有图像</translation>
    </message>
    <message>
        <source>there are reports that were signed in the visit</source>
        <translation>该次就诊中有已签署的报告</translation>
    </message>
    <message>
        <source>there are specimens in the visit</source>
        <translation>该次就诊中有标本</translation>
    </message>
    <message>
        <source>there are visits of this woman</source>
        <translation>该患者有就诊记录</translation>
    </message>
    <message>
        <source>there is a list of {count} numbers in {where}, as one for each case would be</source>
        <translation>{where} 中有一个含 {count} 个数字的列表，像是每个病例对应一个数字</translation>
    </message>
    <message>
        <source>there is a picture in {where}</source>
        <translation>{where} 中有图像</translation>
    </message>
    <message>
        <source>there is a referral card of the visit</source>
        <translation>该次就诊有转诊卡</translation>
    </message>
    <message>
        <source>there is a result of histology in the visit</source>
        <translation>该次就诊中有组织学结果</translation>
    </message>
    <message>
        <source>there is already a model in {out}</source>
        <translation>{out} 中已有模型</translation>
    </message>
    <message>
        <source>there is already a model {name}</source>
        <translation>已有模型 {name}</translation>
    </message>
    <message>
        <source>there is already another model {model} on this computer</source>
        <translation>本计算机上已有另一个模型 {model}</translation>
    </message>
    <message>
        <source>there is an account {name} already</source>
        <translation>已有账户 {name}</translation>
    </message>
    <message>
        <source>there is an unknown file in it, {file}</source>
        <translation>其中有未知文件 {file}</translation>
    </message>
    <message>
        <source>there is no camera</source>
        <translation>没有相机</translation>
    </message>
    <message>
        <source>there is no case that can be used</source>
        <translation>没有可用的病例</translation>
    </message>
    <message>
        <source>there is no copy {file}</source>
        <translation>没有副本 {file}</translation>
    </message>
    <message>
        <source>there is no earlier backup in {folder}: look for one elsewhere</source>
        <translation>{folder} 中没有更早的备份：请在别处查找</translation>
    </message>
    <message>
        <source>there is no file {file}</source>
        <translation>没有文件 {file}</translation>
    </message>
    <message>
        <source>there is no file {path}</source>
        <translation>没有文件 {path}</translation>
    </message>
    <message>
        <source>there is no folder {library}</source>
        <translation>没有文件夹 {library}</translation>
    </message>
    <message>
        <source>there is no folder {path}</source>
        <translation>没有文件夹 {path}</translation>
    </message>
    <message>
        <source>there is no frame in this clip</source>
        <translation>此视频片段中没有帧</translation>
    </message>
    <message>
        <source>there is no grade of rank {rank}</source>
        <translation>没有序号为 {rank} 的级别</translation>
    </message>
    <message>
        <source>there is no lamp on {port}</source>
        <translation>{port} 上没有光源灯</translation>
    </message>
    <message>
        <source>there is no model {name!r}</source>
        <translation>没有模型 {name!r}</translation>
    </message>
    <message>
        <source>there is no pair of points</source>
        <translation>没有成对的点</translation>
    </message>
    <message>
        <source>there is no snapshot in it: no backup was completed here</source>
        <translation>其中没有快照：此处从未完成过备份</translation>
    </message>
    <message>
        <source>there is no step {step!r}</source>
        <translation>没有步骤 {step!r}</translation>
    </message>
    <message>
        <source>there is no such kind of camera</source>
        <translation>没有这种相机</translation>
    </message>
    <message>
        <source>there is no such kind of camera: {kind}</source>
        <translation>没有这种相机：{kind}</translation>
    </message>
    <message>
        <source>there is not enough free memory for this</source>
        <translation>可用内存不足，无法执行此操作</translation>
    </message>
    <message>
        <source>there is nothing in these visits that can be exported</source>
        <translation>这些就诊中没有可导出的内容</translation>
    </message>
    <message>
        <source>there is nothing to do; to go back to the version before, use: pfm update back</source>
        <translation>无需任何操作；要退回上一版本，请使用：pfm update back</translation>
    </message>
    <message>
        <source>there is nothing to focus on</source>
        <translation>没有可对焦的内容</translation>
    </message>
    <message>
        <source>there is something behind the weights in {file}</source>
        <translation>{file} 中权重之后还有其他内容</translation>
    </message>
    <message>
        <source>there is something between the weights in {file}</source>
        <translation>{file} 中权重之间还有其他内容</translation>
    </message>
    <message>
        <source>there is too little room in {folder}: {needed} MB are needed, {free} MB are free</source>
        <translation>{folder} 空间不足：需要 {needed} MB，可用 {free} MB</translation>
    </message>
    <message>
        <source>thermal ablation</source>
        <translation>热消融</translation>
    </message>
    <message>
        <source>these are no pair</source>
        <translation>这些不是配对图像</translation>
    </message>
    <message>
        <source>these pictures are no pair: one of white light, and one of fluorescence, through the green filter or after Lugol's iodine</source>
        <translation>这两张不是配对图像：应为一张白光图像，以及一张荧光、绿色滤镜或卢戈碘液后的图像</translation>
    </message>
    <message>
        <source>these two pictures are not of the same woman: they are not compared</source>
        <translation>这两张图像不属于同一患者：不进行比较</translation>
    </message>
    <message>
        <source>they are unchanged</source>
        <translation>它们未改变</translation>
    </message>
    <message>
        <source>they stand in the report alone</source>
        <translation>仅见于报告</translation>
    </message>
    <message>
        <source>they stay in the histology inbox</source>
        <translation>保留在组织学收件箱中</translation>
    </message>
    <message>
        <source>thin acetowhite epithelium</source>
        <translation>薄醋白上皮</translation>
    </message>
    <message>
        <source>this assessment is not in the library</source>
        <translation>此评估不在病例库中</translation>
    </message>
    <message>
        <source>this build of the program has no key to check update files with</source>
        <translation>此程序版本没有用于检查更新文件的密钥</translation>
    </message>
    <message>
        <source>this camera does not let its {control} be set</source>
        <translation>此相机不允许设置其{control}</translation>
    </message>
    <message>
        <source>this camera does not set its {control} by itself</source>
        <translation>此相机不能自动设置其{control}</translation>
    </message>
    <message>
        <source>this clip has no frame {number}</source>
        <translation>此视频片段没有第 {number} 帧</translation>
    </message>
    <message>
        <source>this clip is being recorded</source>
        <translation>此视频片段正在录制</translation>
    </message>
    <message>
        <source>this clip is closed: nothing is added to it</source>
        <translation>此视频片段已关闭：不再向其添加内容</translation>
    </message>
    <message>
        <source>this clip is longer than the {hours:.0f} hours that a video may have</source>
        <translation>此视频片段超过视频允许的 {hours:.0f} 小时</translation>
    </message>
    <message>
        <source>this clip is not in the library</source>
        <translation>此视频片段不在病例库中</translation>
    </message>
    <message>
        <source>this clip is not of the visit that is open</source>
        <translation>此视频片段不属于当前打开的就诊</translation>
    </message>
    <message>
        <source>this clip is too long for an AVI file</source>
        <translation>此视频片段过长，无法存为 AVI 文件</translation>
    </message>
    <message>
        <source>this contour is no longer in the library</source>
        <translation>此轮廓已不在病例库中</translation>
    </message>
    <message>
        <source>this curve of whitening has values that are no numbers</source>
        <translation>此醋白变化曲线含有不是数字的值</translation>
    </message>
    <message>
        <source>this curve of whitening is not in the library</source>
        <translation>此醋白变化曲线不在病例库中</translation>
    </message>
    <message>
        <source>this device gives no fluorescence</source>
        <translation>此设备不提供荧光</translation>
    </message>
    <message>
        <source>this device takes its pairs itself</source>
        <translation>此设备自行拍摄配对图像</translation>
    </message>
    <message>
        <source>this device takes its pictures itself</source>
        <translation>此设备自行拍摄图像</translation>
    </message>
    <message>
        <source>this earlier picture is no longer in the library</source>
        <translation>此既往图像已不在病例库中</translation>
    </message>
    <message>
        <source>this findings is no longer in the library</source>
        <translation>此所见已不在病例库中</translation>
    </message>
    <message>
        <source>this is a read of {reader}: nobody else changes it or takes it away</source>
        <translation>这是 {reader} 的阅片：其他任何人都不能更改或移除</translation>
    </message>
    <message>
        <source>this is no PDF</source>
        <translation>这不是 PDF</translation>
    </message>
    <message>
        <source>this is no contour: it encloses nothing</source>
        <translation>这不是轮廓：它未包围任何区域</translation>
    </message>
    <message>
        <source>this is no dark frame: {why}</source>
        <translation>这不是暗帧：{why}</translation>
    </message>
    <message>
        <source>this is no export for research: {what}</source>
        <translation>这不能作为研究导出：{what}</translation>
    </message>
    <message>
        <source>this is no fluorescence picture (stage: {stage})</source>
        <translation>这不是荧光图像（阶段：{stage}）</translation>
    </message>
    <message>
        <source>this is no line</source>
        <translation>这不是线条</translation>
    </message>
    <message>
        <source>this is no outline of a cervix</source>
        <translation>这不是宫颈轮廓</translation>
    </message>
    <message>
        <source>this is no white-light picture (stage: {stage})</source>
        <translation>这不是白光图像（阶段：{stage}）</translation>
    </message>
    <message>
        <source>this is not an address of a network camera</source>
        <translation>这不是网络相机的地址</translation>
    </message>
    <message>
        <source>this is not the fingerprint of its key</source>
        <translation>这不是其密钥的指纹</translation>
    </message>
    <message>
        <source>this is not the recovery key of this backup</source>
        <translation>这不是此备份的恢复密钥</translation>
    </message>
    <message>
        <source>this is not the recovery key of this library</source>
        <translation>这不是本病例库的恢复密钥</translation>
    </message>
    <message>
        <source>this lesion is no longer in the visit</source>
        <translation>此病变已不在该次就诊中</translation>
    </message>
    <message>
        <source>this lesion is not in the library</source>
        <translation>此病变不在病例库中</translation>
    </message>
    <message>
        <source>this library has no account {name} on record</source>
        <translation>本病例库没有登记账户 {name}</translation>
    </message>
    <message>
        <source>this library has no recovery key</source>
        <translation>本病例库没有恢复密钥</translation>
    </message>
    <message>
        <source>this library is not encrypted and has no accounts</source>
        <translation>本病例库未加密，也没有账户</translation>
    </message>
    <message>
        <source>this library is older than when it was last used on this computer ({when}): what was done since is not in it, as if a copy from before had been put in its place. Look for the newer one, in a backup or another folder, before you go on here</source>
        <translation>本病例库比上次在本计算机上使用时（{when}）旧：此后所做的内容不在其中，像是被先前的副本替换了。继续之前，请在备份或其他文件夹中查找较新的病例库</translation>
    </message>
    <message>
        <source>this library is open for reading only</source>
        <translation>本病例库以只读方式打开</translation>
    </message>
    <message>
        <source>this library is open for reading only ({reason}), so an export cannot be put on record</source>
        <translation>本病例库以只读方式打开（{reason}），因此无法将导出记录在案</translation>
    </message>
    <message>
        <source>this library is open for reading only: {reason}</source>
        <translation>本病例库以只读方式打开：{reason}</translation>
    </message>
    <message>
        <source>this library is open for reading only: {why}</source>
        <translation>本病例库以只读方式打开：{why}</translation>
    </message>
    <message>
        <source>this library was brought from version {old} to {new}. A copy of its database as it was before is kept: {file}</source>
        <translation>此病例库已从版本 {old} 升级到 {new}。升级前的数据库副本已保留：{file}</translation>
    </message>
    <message>
        <source>this lies within the contour of lesion {number} already</source>
        <translation>此处已位于病变 {number} 的轮廓之内</translation>
    </message>
    <message>
        <source>this line has no such corner</source>
        <translation>此线条没有该顶点</translation>
    </message>
    <message>
        <source>this line is no longer in the library</source>
        <translation>此线条已不在病例库中</translation>
    </message>
    <message>
        <source>this makes {size:.4g} mm a pixel, which no colposcope has</source>
        <translation>这样每像素为 {size:.4g} mm，任何阴道镜都不会如此</translation>
    </message>
    <message>
        <source>this model is not passed on: {what}</source>
        <translation>此模型未转交：{what}</translation>
    </message>
    <message>
        <source>this model is {state}, not active</source>
        <translation>此模型的状态为“{state}”，不是使用中</translation>
    </message>
    <message>
        <source>this model is {state}, not promoted</source>
        <translation>此模型的状态为“{state}”，未启用</translation>
    </message>
    <message>
        <source>this model reads {sources}; this pair is {given}</source>
        <translation>此模型读取{sources}；此配对图像为{given}</translation>
    </message>
    <message>
        <source>this model reads {sources}; this picture is {given}</source>
        <translation>此模型读取{sources}；此图像为{given}</translation>
    </message>
    <message>
        <source>this model was not written, as nothing could ask it: {error}</source>
        <translation>此模型未写入，因为无法向其提问：{error}</translation>
    </message>
    <message>
        <source>this network has no attention to follow</source>
        <translation>此网络没有可追踪的注意力</translation>
    </message>
    <message>
        <source>this one shows no structure</source>
        <translation>此图像未显示任何结构</translation>
    </message>
    <message>
        <source>this os mark is no longer in the library</source>
        <translation>此宫颈外口标记已不在病例库中</translation>
    </message>
    <message>
        <source>this outline of the cervix is no longer in the library</source>
        <translation>此宫颈轮廓已不在病例库中</translation>
    </message>
    <message>
        <source>this pair has no fluorescence picture to mark</source>
        <translation>此配对图像没有可标记的荧光图像</translation>
    </message>
    <message>
        <source>this pair has no white-light picture to mark</source>
        <translation>此配对图像没有可标记的白光图像</translation>
    </message>
    <message>
        <source>this pair is no longer in the library</source>
        <translation>此配对图像已不在病例库中</translation>
    </message>
    <message>
        <source>this pair is not in the task</source>
        <translation>此配对图像不在该任务中</translation>
    </message>
    <message>
        <source>this pair was read already, perhaps in another window</source>
        <translation>此配对图像已阅，可能是在另一窗口中</translation>
    </message>
    <message>
        <source>this password will not do: it has fewer than {count} letters</source>
        <translation>此密码不可用：少于 {count} 个字符</translation>
    </message>
    <message>
        <source>this password will not do: it is little more than the name</source>
        <translation>此密码不可用：与用户名几乎相同</translation>
    </message>
    <message>
        <source>this password will not do: it is one of those that are tried first</source>
        <translation>此密码不可用：属于最先被尝试的密码</translation>
    </message>
    <message>
        <source>this password will not do: it is too long</source>
        <translation>此密码不可用：过长</translation>
    </message>
    <message>
        <source>this patient is not in the library</source>
        <translation>此患者不在病例库中</translation>
    </message>
    <message>
        <source>this picture is no longer in the library</source>
        <translation>此图像已不在病例库中</translation>
    </message>
    <message>
        <source>this picture is not in the library</source>
        <translation>此图像不在病例库中</translation>
    </message>
    <message>
        <source>this pin is no longer in the library</source>
        <translation>此活检标记已不在病例库中</translation>
    </message>
    <message>
        <source>this place lies outside of the picture</source>
        <translation>此处位于图像之外</translation>
    </message>
    <message>
        <source>this plan cannot be followed: {error}</source>
        <translation>无法按此检查方案执行：{error}</translation>
    </message>
    <message>
        <source>this program runs from its source, and is not installed</source>
        <translation>此程序从源代码运行，并未安装</translation>
    </message>
    <message>
        <source>this read is gone already</source>
        <translation>此阅片已不存在</translation>
    </message>
    <message>
        <source>this referral is not in the library</source>
        <translation>此转诊不在病例库中</translation>
    </message>
    <message>
        <source>this run has no model ({state})</source>
        <translation>此次训练没有模型（{state}）</translation>
    </message>
    <message>
        <source>this run is not in the library</source>
        <translation>此次训练不在病例库中</translation>
    </message>
    <message>
        <source>this run is {state}</source>
        <translation>此次训练的状态为“{state}”</translation>
    </message>
    <message>
        <source>this specimen is not in the library</source>
        <translation>此标本不在病例库中</translation>
    </message>
    <message>
        <source>this step does not stand in the plan of the examination</source>
        <translation>此步骤不在检查方案中</translation>
    </message>
    <message>
        <source>this task is closed, or gone: it takes no more reads</source>
        <translation>此任务已关闭或已不存在：不再接受阅片</translation>
    </message>
    <message>
        <source>this task is closed: nothing can be decided in it</source>
        <translation>此任务已关闭：其中不能再作任何裁定</translation>
    </message>
    <message>
        <source>this task is gone</source>
        <translation>此任务已不存在</translation>
    </message>
    <message>
        <source>this user may not read {path}</source>
        <translation>此用户无权读取 {path}</translation>
    </message>
    <message>
        <source>this user may not use {name} ({node})</source>
        <translation>此用户无权使用 {name}（{node}）</translation>
    </message>
    <message>
        <source>this very model is here already, as {name}</source>
        <translation>这个模型已在此处，名为 {name}</translation>
    </message>
    <message>
        <source>this visit</source>
        <translation>本次就诊</translation>
    </message>
    <message>
        <source>this visit is a woman's already</source>
        <translation>本次就诊已归属一位患者</translation>
    </message>
    <message>
        <source>this visit is hers already</source>
        <translation>本次就诊已属于该患者</translation>
    </message>
    <message>
        <source>this visit is no longer in the library</source>
        <translation>本次就诊已不在病例库中</translation>
    </message>
    <message>
        <source>this visit is not in the library</source>
        <translation>本次就诊不在病例库中</translation>
    </message>
    <message>
        <source>this visit is not signed</source>
        <translation>本次就诊未签署</translation>
    </message>
    <message>
        <source>this visit is not signed: nobody has said who the woman is</source>
        <translation>本次就诊未签署：尚无人指明患者是谁</translation>
    </message>
    <message>
        <source>this visit's picture shows no structure</source>
        <translation>本次就诊的图像未显示任何结构</translation>
    </message>
    <message>
        <source>threshold {threshold:.2f}</source>
        <translation>阈值 {threshold:.2f}</translation>
    </message>
    <message>
        <source>time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>time not known</source>
        <translation>时间未知</translation>
    </message>
    <message>
        <source>time of a visit</source>
        <translation>就诊时间</translation>
    </message>
    <message>
        <source>to be discussed</source>
        <translation>待讨论</translation>
    </message>
    <message>
        <source>to draw it, go back to those pictures and begin anew</source>
        <translation>要绘制它，请回到那些图像并重新开始</translation>
    </message>
    <message>
        <source>to learn from</source>
        <translation>可供训练</translation>
    </message>
    <message>
        <source>to register by hand, open that visit again and place them anew</source>
        <translation>如需手动配准，请重新打开该次就诊并重新放置各点</translation>
    </message>
    <message>
        <source>to remove it press Delete</source>
        <translation>如需移除，请按 Delete</translation>
    </message>
    <message>
        <source>to take a part away use the eraser (E); for another lesion add one in Findings</source>
        <translation>如需去除一部分，请使用橡皮擦（E）；如为另一病变，请在“所见”中添加</translation>
    </message>
    <message>
        <source>too bright</source>
        <translation>过亮</translation>
    </message>
    <message>
        <source>too dark</source>
        <translation>过暗</translation>
    </message>
    <message>
        <source>too dark or too bright</source>
        <translation>过暗或过亮</translation>
    </message>
    <message>
        <source>too dark to tell</source>
        <translation>过暗，无法判断</translation>
    </message>
    <message>
        <source>too few patients to fine-tune: each grade needs {enough}; missing: {grades}</source>
        <translation>患者过少，无法微调：每个级别需 {enough} 名；缺少：{grades}</translation>
    </message>
    <message>
        <source>too few points: nothing was drawn</source>
        <translation>点过少：未绘制任何内容</translation>
    </message>
    <message>
        <source>too few structures to compare: look whether the tissue fits</source>
        <translation>可比较的结构过少：请查看组织是否吻合</translation>
    </message>
    <message>
        <source>too few women to learn from: each grade needs {enough}; missing: {grades}</source>
        <translation>可供训练的患者过少：每个级别需 {enough} 名；缺少：{grades}</translation>
    </message>
    <message>
        <source>too large: {size:.0f} MB, at most {limit} MB a file</source>
        <translation>过大：{size:.0f} MB，每个文件最大 {limit} MB</translation>
    </message>
    <message>
        <source>too little overlap</source>
        <translation>重叠过少</translation>
    </message>
    <message>
        <source>too many wrong passwords</source>
        <translation>密码错误次数过多</translation>
    </message>
    <message>
        <source>too small</source>
        <translation>过小</translation>
    </message>
    <message>
        <source>tool: {tool}</source>
        <translation>工具：{tool}</translation>
    </message>
    <message>
        <source>total</source>
        <comment>Hysterectomy</comment>
        <translation>全切除</translation>
    </message>
    <message>
        <source>train</source>
        <comment>part of the cases</comment>
        <translation>训练</translation>
    </message>
    <message>
        <source>train a model from it with `pfm train MANIFEST --out DIR --start {name}`</source>
        <translation>用 `pfm train MANIFEST --out DIR --start {name}` 以它为起点训练模型</translation>
    </message>
    <message>
        <source>train from nothing, without a start</source>
        <translation>不用起点模型，从零训练</translation>
    </message>
    <message>
        <source>train it again, or bring it in as it is: `pfm models import {folder} --name NEW`</source>
        <translation>重新训练，或原样导入：`pfm models import {folder} --name NEW`</translation>
    </message>
    <message>
        <source>train with --variant {variant}, or start from another model</source>
        <translation>用 --variant {variant} 训练，或以另一模型为起点</translation>
    </message>
    <message>
        <source>transfer syntax {syntax!r}</source>
        <translation>传输语法 {syntax!r}</translation>
    </message>
    <message>
        <source>transformation zone</source>
        <translation>转化区</translation>
    </message>
    <message>
        <source>transparency (alpha) composited over black</source>
        <translation>透明通道（alpha）已合成到黑色背景上</translation>
    </message>
    <message>
        <source>treated: {answer}</source>
        <translation>曾治疗：{answer}</translation>
    </message>
    <message>
        <source>treatment, recall, discharge</source>
        <translation>治疗、复查、结束随访</translation>
    </message>
    <message>
        <source>try again once that is over</source>
        <translation>待该情况结束后重试</translation>
    </message>
    <message>
        <source>try again; capitals and small letters differ</source>
        <translation>重试；区分大小写</translation>
    </message>
    <message>
        <source>try the password of that day (capitals and small letters differ), the recovery key of that day (--recovery-key), or another backup (--list, --at)</source>
        <translation>试用当日的密码（区分大小写）、当日的恢复密钥（--recovery-key），或另一备份（--list、--at）</translation>
    </message>
    <message>
        <source>tumour, gross neoplasm</source>
        <translation>肿瘤，肉眼可见的新生物</translation>
    </message>
    <message>
        <source>turned</source>
        <translation>方向不正</translation>
    </message>
    <message>
        <source>turned upright as its EXIF data says</source>
        <translation>已按其 EXIF 数据转正</translation>
    </message>
    <message>
        <source>two different names are said for one woman</source>
        <translation>同一患者标有两个不同的姓名</translation>
    </message>
    <message>
        <source>two different names are said for the identifier {identifier}</source>
        <translation>编号 {identifier} 标有两个不同的姓名</translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Transformation zone</comment>
        <translation>1 型</translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Excision</comment>
        <translation>1 型</translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Transformation zone</comment>
        <translation>2 型</translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Excision</comment>
        <translation>2 型</translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Transformation zone</comment>
        <translation>3 型</translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Excision</comment>
        <translation>3 型</translation>
    </message>
    <message>
        <source>type all nine groups of four letters and digits as they were printed</source>
        <translation>按打印内容输入全部九组，每组四个字母和数字</translation>
    </message>
    <message>
        <source>type all {count} digits, as Settings of the library shows them</source>
        <translation>输入全部 {count} 位，如病例库的“设置”中所示</translation>
    </message>
    <message>
        <source>type the name anew, in one alphabet</source>
        <translation>重新输入姓名，只用一种文字</translation>
    </message>
    <message>
        <source>type what its sender told you; where that is what you typed, the file is not its sender's</source>
        <translation>请输入发送者告诉您的指纹；如果您输入的正是它，则该文件并非来自该发送者</translation>
    </message>
    <message>
        <source>ulceration (necrotic)</source>
        <translation>溃疡（坏死）</translation>
    </message>
    <message>
        <source>under 1 s</source>
        <translation>不到 1 秒</translation>
    </message>
    <message>
        <source>under {error} px</source>
        <translation>小于 {error} px</translation>
    </message>
    <message>
        <source>undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>unexpected error: {kind}: {error}</source>
        <translation>意外错误：{kind}：{error}</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>day</comment>
        <translation>未知</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>how sure</comment>
        <translation>不明</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>birth date</comment>
        <translation>未知</translation>
    </message>
    <message>
        <source>unknown grade</source>
        <translation>未知级别</translation>
    </message>
    <message>
        <source>unknown splice {splice!r}</source>
        <translation>未知的拼接方式 {splice!r}</translation>
    </message>
    <message>
        <source>unknown variant {variant!r}</source>
        <translation>未知的变体 {variant!r}</translation>
    </message>
    <message>
        <source>unpack it first</source>
        <translation>请先解压</translation>
    </message>
    <message>
        <source>unpack it first, then choose its folder</source>
        <translation>请先解压，再选择其文件夹</translation>
    </message>
    <message>
        <source>unpack it where there is room, and give its folder</source>
        <translation>解压到空间充足之处，并指定其文件夹</translation>
    </message>
    <message>
        <source>unpack version {version} there again, then try again</source>
        <translation>请在那里重新解压版本 {version}，然后重试</translation>
    </message>
    <message>
        <source>unpacks to more than 200 times its size, as no picture does</source>
        <translation>解压后超过其大小的 200 倍，图像不会如此</translation>
    </message>
    <message>
        <source>unplug it and plug it in</source>
        <translation>拔下后再插上</translation>
    </message>
    <message>
        <source>unplug it and plug it in again</source>
        <translation>拔下后重新插上</translation>
    </message>
    <message>
        <source>unsatisfactory</source>
        <translation>标本不满意</translation>
    </message>
    <message>
        <source>unsure</source>
        <comment>how sure</comment>
        <translation>存疑</translation>
    </message>
    <message>
        <source>unusable</source>
        <comment>quality</comment>
        <translation>不可用</translation>
    </message>
    <message>
        <source>unusual colours</source>
        <translation>颜色异常</translation>
    </message>
    <message>
        <source>up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>up</source>
        <comment>where to swing</comment>
        <translation>上</translation>
    </message>
    <message>
        <source>update files are for installed programs; bring the source up to date instead</source>
        <translation>更新文件用于已安装的程序；请改为更新源代码</translation>
    </message>
    <message>
        <source>update the program</source>
        <translation>更新程序</translation>
    </message>
    <message>
        <source>update the program to read this model</source>
        <translation>更新程序以读取此模型</translation>
    </message>
    <message>
        <source>update the program, or choose another model</source>
        <translation>更新程序，或选择另一模型</translation>
    </message>
    <message>
        <source>update this program</source>
        <translation>更新本程序</translation>
    </message>
    <message>
        <source>update this program, or bring the library back to this version: pfm update back --library FOLDER</source>
        <translation>请更新本程序，或把病例库恢复到本版本：pfm update back --library FOLDER</translation>
    </message>
    <message>
        <source>upper third</source>
        <translation>上三分之一</translation>
    </message>
    <message>
        <source>use a real lamp, or Linux or macOS</source>
        <translation>使用真实的光源灯，或改用 Linux 或 macOS</translation>
    </message>
    <message>
        <source>use digits, letters, - _ + and .</source>
        <translation>只用数字、字母、- _ + 和 .</translation>
    </message>
    <message>
        <source>use letters, digits, - _ and .</source>
        <translation>只用字母、数字、- _ 和 .</translation>
    </message>
    <message>
        <source>use one of {names}</source>
        <translation>使用其中之一：{names}</translation>
    </message>
    <message>
        <source>use the newer file; to go back to the version before, use: pfm update back</source>
        <translation>请使用较新的文件；要退回上一版本，请使用：pfm update back</translation>
    </message>
    <message>
        <source>vaginal stenosis</source>
        <translation>阴道狭窄</translation>
    </message>
    <message>
        <source>validation</source>
        <comment>part of the cases</comment>
        <translation>验证</translation>
    </message>
    <message>
        <source>version {version} is installed, and {file} holds {other}</source>
        <translation>已安装版本 {version}，而 {file} 中是 {other}</translation>
    </message>
    <message>
        <source>videos go out one by one, from the clips in Capture</source>
        <translation>视频须在“采集”的视频片段中逐个导出</translation>
    </message>
    <message>
        <source>visit</source>
        <comment>kind of record</comment>
        <translation>就诊</translation>
    </message>
    <message>
        <source>visit of {visit}</source>
        <translation>{visit} 的就诊</translation>
    </message>
    <message numerus="yes">
        <source>visit of {when}, %n picture(s)</source>
        <translation>
            <numerusform>{when} 的就诊，%n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>vitamin K antagonist</source>
        <translation>维生素 K 拮抗剂</translation>
    </message>
    <message>
        <source>wait for it</source>
        <translation>请等待</translation>
    </message>
    <message>
        <source>wait until frames were taken after acid</source>
        <translation>请等到醋酸后已有帧拍摄</translation>
    </message>
    <message>
        <source>wait until it gives pictures again, then repeat this</source>
        <translation>等到它重新输出图像，再重复此操作</translation>
    </message>
    <message>
        <source>wait until it gives pictures, then repeat this</source>
        <translation>等到它输出图像，再重复此操作</translation>
    </message>
    <message>
        <source>wait until more frames were taken after acid</source>
        <translation>请等到醋酸后拍摄了更多帧</translation>
    </message>
    <message>
        <source>wait until that has ended, or stop it below; then do it again</source>
        <translation>等到其结束，或在下方停止它；然后重做</translation>
    </message>
    <message>
        <source>wait until that run has ended, or name another folder</source>
        <translation>等到该次运行结束，或指定另一文件夹</translation>
    </message>
    <message>
        <source>wait {seconds} seconds, then try again</source>
        <translation>等待 {seconds} 秒后重试</translation>
    </message>
    <message numerus="yes">
        <source>waiting %n day(s)</source>
        <translation>
            <numerusform>已等待 %n 天</numerusform>
        </translation>
    </message>
    <message>
        <source>warp one onto the other</source>
        <translation>将一张变形配准到另一张上</translation>
    </message>
    <message>
        <source>warp one onto the other first</source>
        <translation>先将一张变形配准到另一张上</translation>
    </message>
    <message>
        <source>was prepared at another size than {size}</source>
        <translation>是按 {size} 以外的尺寸准备的</translation>
    </message>
    <message>
        <source>was prepared from other cases, pictures or sources than the manifest names: {differ} of its {rows} cases differ, such as {case}</source>
        <translation>是用清单所列以外的病例、图像或光源准备的：其 {rows} 个病例中有 {differ} 个不同，例如 {case}</translation>
    </message>
    <message>
        <source>was written by a newer version of this program</source>
        <comment>a file</comment>
        <translation>由本程序的更新版本写入</translation>
    </message>
    <message>
        <source>was written over at its beginning</source>
        <comment>a file</comment>
        <translation>开头部分已被覆盖</translation>
    </message>
    <message>
        <source>was {name}, born {born}, ID {identifier}</source>
        <translation>原为 {name}，出生日期 {born}，ID {identifier}</translation>
    </message>
    <message>
        <source>well exposed</source>
        <translation>曝光良好</translation>
    </message>
    <message>
        <source>what I saw</source>
        <translation>本人所见</translation>
    </message>
    <message>
        <source>what a model was trained on is not one line of at most {most} letters</source>
        <translation>模型的训练数据说明不是一行且不超过 {most} 个字符的文字</translation>
    </message>
    <message>
        <source>what came from the camera is no whole picture</source>
        <translation>来自相机的内容不是完整的图像</translation>
    </message>
    <message>
        <source>what earlier updates changed cannot be read: {file}</source>
        <translation>无法读取之前更新所作更改的记录：{file}</translation>
    </message>
    <message>
        <source>what finds the cervix cannot be read: {error}</source>
        <translation>宫颈检测组件无法读取：{error}</translation>
    </message>
    <message>
        <source>what finds the cervix cannot be used by this OpenCV</source>
        <translation>此 OpenCV 无法使用宫颈检测组件</translation>
    </message>
    <message>
        <source>what finds the cervix is not what was shipped</source>
        <translation>宫颈检测组件与发布时不一致</translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be read: {error}</source>
        <translation>图像文字检测组件无法读取：{error}</translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be used by this OpenCV</source>
        <translation>此 OpenCV 无法使用图像文字检测组件</translation>
    </message>
    <message>
        <source>what finds words in pictures is not what was shipped</source>
        <translation>图像文字检测组件与发布时不一致</translation>
    </message>
    <message>
        <source>what is drawn is kept</source>
        <translation>已绘制的内容保留</translation>
    </message>
    <message>
        <source>what is on {port} answers {said!r}, which is not what was asked</source>
        <translation>{port} 上的设备回答 {said!r}，并非所询问的内容</translation>
    </message>
    <message>
        <source>what is signed in it is missing or altered</source>
        <translation>其中的签名内容缺失或被更改</translation>
    </message>
    <message>
        <source>what is taken after acetic acid must come after the step that starts its clock</source>
        <translation>醋酸后拍摄的内容必须排在启动醋酸计时的步骤之后</translation>
    </message>
    <message>
        <source>what it saves comes into the visit</source>
        <translation>它保存的内容会进入本次就诊</translation>
    </message>
    <message>
        <source>what speaks for cancer</source>
        <translation>支持癌的依据</translation>
    </message>
    <message>
        <source>what speaks for high</source>
        <translation>支持高级别的依据</translation>
    </message>
    <message>
        <source>what speaks for high, not for normal</source>
        <translation>支持高级别而非正常的依据</translation>
    </message>
    <message>
        <source>what speaks for low</source>
        <translation>支持低级别的依据</translation>
    </message>
    <message>
        <source>what stands on a pot has at most {most} characters</source>
        <translation>标本瓶上的文字最多 {most} 个字符</translation>
    </message>
    <message>
        <source>what stood there before is unchanged</source>
        <translation>原有内容未改变</translation>
    </message>
    <message>
        <source>what takes the pictures does not come to an end</source>
        <translation>接收图像的部分一直没有结束</translation>
    </message>
    <message>
        <source>what was finished before is kept, and nothing was left half written</source>
        <translation>此前已完成的内容保留，没有留下写到一半的内容</translation>
    </message>
    <message>
        <source>what was finished is kept</source>
        <translation>已完成的内容保留</translation>
    </message>
    <message>
        <source>what was put back until now stays</source>
        <translation>到目前为止已放回的内容保留</translation>
    </message>
    <message>
        <source>what was read before the AI answer was shown stays as it was</source>
        <translation>显示 AI 结果之前的阅片保持不变</translation>
    </message>
    <message>
        <source>what was recorded before is kept</source>
        <translation>此前已录制的内容保留</translation>
    </message>
    <message>
        <source>what was written last</source>
        <translation>最后写入的内容</translation>
    </message>
    <message>
        <source>what was written of it is removed, and the clip is unchanged</source>
        <translation>其已写入的部分被删除，视频片段未改变</translation>
    </message>
    <message>
        <source>what was written so far is removed</source>
        <translation>到目前为止已写入的内容被删除</translation>
    </message>
    <message>
        <source>when it was is not known: {reason}</source>
        <translation>时间不明：{reason}</translation>
    </message>
    <message>
        <source>when it was is only a guess: {reason}</source>
        <translation>时间仅为推测：{reason}</translation>
    </message>
    <message>
        <source>when no program has it open, copy the whole folder to a place that can be written and use it there</source>
        <translation>在没有程序打开它时，将整个文件夹复制到可写入的位置，并在那里使用</translation>
    </message>
    <message>
        <source>when the disk can be written again, open it</source>
        <translation>磁盘可再次写入后，打开它</translation>
    </message>
    <message>
        <source>when the disk can be written again, open it with your password</source>
        <translation>磁盘可再次写入后，用密码打开它</translation>
    </message>
    <message>
        <source>when this library was opened the clock of the computer said {now}, and the last entry was of {last}: check the clock. The order in which all was done is kept, and nothing is lost</source>
        <translation>打开本病例库时，计算机时钟显示 {now}，而最后一条记录为 {last}：请检查时钟。所有操作的先后顺序均已保留，没有任何丢失</translation>
    </message>
    <message>
        <source>where it is the wrong one, move it to another patient</source>
        <translation>若归属有误，将其移至另一患者</translation>
    </message>
    <message>
        <source>which is before {year}</source>
        <translation>早于 {year} 年</translation>
    </message>
    <message>
        <source>which is still to come</source>
        <translation>尚未到来</translation>
    </message>
    <message>
        <source>which pictures there are to be cannot be read: those were checked that are there, and none is missed</source>
        <translation>无法读取应有哪些图像：只检查了现有的图像，缺失的图像无从得知</translation>
    </message>
    <message>
        <source>which promises nothing for such pictures</source>
        <translation>对此类图像不作任何保证</translation>
    </message>
    <message>
        <source>white</source>
        <comment>light</comment>
        <translation>白光</translation>
    </message>
    <message>
        <source>white + fluorescence</source>
        <translation>白光 + 荧光</translation>
    </message>
    <message>
        <source>white balance</source>
        <translation>白平衡</translation>
    </message>
    <message>
        <source>white light</source>
        <comment>pictures of a visit</comment>
        <translation>白光</translation>
    </message>
    <message>
        <source>white light</source>
        <translation>白光</translation>
    </message>
    <message>
        <source>white-light picture</source>
        <translation>白光图像</translation>
    </message>
    <message>
        <source>whitening</source>
        <comment>kind of record</comment>
        <translation>醋白变化</translation>
    </message>
    <message>
        <source>whitening</source>
        <translation>醋白变化</translation>
    </message>
    <message>
        <source>whitening of places ({count})</source>
        <translation>各处的醋白变化（{count}）</translation>
    </message>
    <message>
        <source>whitening was measured in it</source>
        <translation>曾在其中测量醋白变化</translation>
    </message>
    <message>
        <source>who the woman is</source>
        <translation>患者身份</translation>
    </message>
    <message>
        <source>whose</source>
        <translation>归属</translation>
    </message>
    <message numerus="yes">
        <source>whose %n picture(s)</source>
        <translation>
            <numerusform>%n 张图像的归属</numerusform>
        </translation>
    </message>
    <message>
        <source>whose it is is not known: {reason}</source>
        <translation>归属不明：{reason}</translation>
    </message>
    <message>
        <source>whose it is is only a guess: {reason}</source>
        <translation>归属仅为推测：{reason}</translation>
    </message>
    <message>
        <source>window {width}, level {level}</source>
        <translation>窗宽 {width}，窗位 {level}</translation>
    </message>
    <message numerus="yes">
        <source>with %n picture(s)</source>
        <translation>
            <numerusform>有 %n 张图像</numerusform>
        </translation>
    </message>
    <message>
        <source>with the clock</source>
        <translation>带计时</translation>
    </message>
    <message>
        <source>with {picture}</source>
        <translation>与 {picture} 配对</translation>
    </message>
    <message>
        <source>words are drawn into a picture</source>
        <translation>图像中带有文字</translation>
    </message>
    <message numerus="yes">
        <source>words found in %n place(s)</source>
        <translation>
            <numerusform>%n 处发现文字</numerusform>
        </translation>
    </message>
    <message>
        <source>write it as 14 Mar 2026 or 2026-03-14</source>
        <translation>写成 2026年3月14日 或 2026-03-14</translation>
    </message>
    <message>
        <source>write it as 2026-03-14 10:15, or the day alone</source>
        <translation>写成 2026-03-14 10:15，或只写日期</translation>
    </message>
    <message>
        <source>write it like 14 Mar 1988 or 1988-03-14</source>
        <translation>写法如 1988年3月14日 或 1988-03-14</translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026</source>
        <translation>写法如 2026年3月14日</translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026 or 2026-03-14</source>
        <translation>写法如 2026年3月14日 或 2026-03-14</translation>
    </message>
    <message>
        <source>write it like 2026-03-14 10:15:00</source>
        <translation>写法如 2026-03-14 10:15:00</translation>
    </message>
    <message>
        <source>write one, a word will do</source>
        <translation>写明理由，一个词即可</translation>
    </message>
    <message>
        <source>write that sentence of the model's {file} without it, also if it does not mean her, and try again</source>
        <translation>将模型 {file} 中的该句改写为不含此词，即使它并非指该患者，然后重试</translation>
    </message>
    <message>
        <source>write the card again</source>
        <translation>重新写入模型卡</translation>
    </message>
    <message>
        <source>write the month as a word, like {one} {year}</source>
        <translation>写明年月日，如 {year}年{one}</translation>
    </message>
    <message>
        <source>write the name so that the two are told apart</source>
        <translation>姓名写法须能区分两者</translation>
    </message>
    <message>
        <source>write the person's name</source>
        <translation>请写该人的姓名</translation>
    </message>
    <message>
        <source>written</source>
        <comment>Consent</comment>
        <translation>书面</translation>
    </message>
    <message>
        <source>wrong pair</source>
        <translation>配对错误</translation>
    </message>
    <message>
        <source>wrong source</source>
        <translation>光源错误</translation>
    </message>
    <message>
        <source>yes</source>
        <comment>Pregnant</comment>
        <translation>是</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>you may not use {name}</source>
        <translation>无权使用 {name}</translation>
    </message>
    <message>
        <source>you may not use {port}</source>
        <translation>无权使用 {port}</translation>
    </message>
    <message>
        <source>you were shown what others read of this pair: your read would not be blind to theirs</source>
        <translation>已看过他人对这对图像的阅片：再阅片将无法对其保持盲态</translation>
    </message>
    <message>
        <source>your account may not read pairs in this library</source>
        <translation>当前账户无权在本病例库中阅片</translation>
    </message>
    <message>
        <source>your own password is wrong</source>
        <translation>本人的密码错误</translation>
    </message>
    <message>
        <source>zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>{account}, with a new password.</source>
        <translation>{account}，已设新密码。</translation>
    </message>
    <message>
        <source>{again} to go without it; a new one can be made in Settings.</source>
        <translation>{again}即可不留存密钥而离开；可在“设置”中生成新密钥。</translation>
    </message>
    <message>
        <source>{age} years old at this visit</source>
        <translation>本次就诊时 {age} 岁</translation>
    </message>
    <message>
        <source>{answering} answers on this computer, not {model}</source>
        <translation>本计算机上给出结果的是 {answering}，而不是 {model}</translation>
    </message>
    <message>
        <source>{area:.3g} mm², longest diameter {diameter:.1f} mm</source>
        <translation>{area:.3g} mm²，最长径 {diameter:.1f} mm</translation>
    </message>
    <message>
        <source>{arrow}, and closer</source>
        <translation>{arrow}，并靠近</translation>
    </message>
    <message>
        <source>{attention} over {picture}: {limits}.</source>
        <translation>{attention}，叠加于{picture}：{limits}。</translation>
    </message>
    <message>
        <source>{before} on this computer is another model than the one that answered before</source>
        <translation>本计算机上的 {before} 与之前给出结果的并非同一模型</translation>
    </message>
    <message>
        <source>{before}, now {now}</source>
        <translation>{before}，现为 {now}</translation>
    </message>
    <message>
        <source>{before}, which answered before, cannot be asked on this computer: {reason}</source>
        <translation>之前给出结果的 {before} 无法在本计算机上使用：{reason}</translation>
    </message>
    <message>
        <source>{called} does not fit {variant}: {tensor} is {size}, not {wanted}</source>
        <translation>{called} 与 {variant} 不符：{tensor} 为 {size}，而非 {wanted}</translation>
    </message>
    <message>
        <source>{called} has trunks {width} channels wide, {variant} has {wanted}</source>
        <translation>{called} 的主干宽 {width} 个通道，{variant} 为 {wanted} 个</translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds values that are no numbers</source>
        <translation>{called} 已损坏：{tensor} 含有非数值</translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds variances below zero</source>
        <translation>{called} 已损坏：{tensor} 含有小于零的方差</translation>
    </message>
    <message>
        <source>{called} is not a FasterNet: {tensor} and {more} more tensors are missing</source>
        <translation>{called} 不是 FasterNet：缺少 {tensor} 及另外 {more} 个张量</translation>
    </message>
    <message>
        <source>{capture.go} takes what comes next and {capture.acid} starts the clock of acetic acid, with one hand or a pedal. Here a simulated device plays a phantom; no camera is needed.</source>
        <translation>{capture.go} 拍摄下一项，{capture.acid} 启动醋酸计时，单手或用脚踏即可。此处由模拟设备播放模拟体模；不需要相机。</translation>
    </message>
    <message>
        <source>{cases} cases of {women} women</source>
        <translation>{women} 名患者的 {cases} 个病例</translation>
    </message>
    <message>
        <source>{change} (and {more} more)</source>
        <translation>{change}（及另外 {more} 项）</translation>
    </message>
    <message>
        <source>{choice} not switched: {why}</source>
        <translation>{choice} 未切换：{why}</translation>
    </message>
    <message>
        <source>{columns} x {rows} pixels</source>
        <translation>{columns} x {rows} 像素</translation>
    </message>
    <message>
        <source>{control} of the simulated camera goes from {low:g} to {high:g}</source>
        <translation>模拟相机的{control}范围为 {low:g} 至 {high:g}</translation>
    </message>
    <message>
        <source>{count:,} older ones are not listed: search for them.</source>
        <translation>另有 {count:,} 个较早的未列出：请搜索。</translation>
    </message>
    <message>
        <source>{count} earlier</source>
        <translation>之前还有 {count} 条</translation>
    </message>
    <message>
        <source>{count} entries: {entries}</source>
        <translation>{count} 条：{entries}</translation>
    </message>
    <message>
        <source>{count} files found</source>
        <translation>找到 {count} 个文件</translation>
    </message>
    <message>
        <source>{count} heatmaps, registrations or thumbnails are missing or damaged there: they are made again</source>
        <translation>该处有 {count} 个热图、配准或缩略图缺失或损坏：将重新生成</translation>
    </message>
    <message>
        <source>{count} of {all} not aligned: shown as taken.</source>
        <translation>{all} 帧中有 {count} 帧未对齐：按拍摄原样显示。</translation>
    </message>
    <message>
        <source>{count} parts: {parts}</source>
        <translation>{count} 部分：{parts}</translation>
    </message>
    <message>
        <source>{count}; reading older ones ...</source>
        <translation>{count}；正在读取更早的...</translation>
    </message>
    <message>
        <source>{day:02d} {month} {year}</source>
        <translation>{year}年{month}{day}日</translation>
    </message>
    <message>
        <source>{day} {month}</source>
        <translation>{month}{day}日</translation>
    </message>
    <message>
        <source>{distance}, limit {limit}</source>
        <translation>{distance}，界限 {limit}</translation>
    </message>
    <message>
        <source>{distance}, limit {limit}: unlike</source>
        <translation>{distance}，界限 {limit}：与训练数据不同</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,}</source>
        <translation>{done:,}/{turns:,}</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} decided</source>
        <translation>已裁定 {done:,}/{turns:,}</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} read</source>
        <translation>已阅片 {done:,}/{turns:,}</translation>
    </message>
    <message>
        <source>{done:.0f} of {total:.0f}</source>
        <translation>{done:.0f}/{total:.0f}</translation>
    </message>
    <message>
        <source>{done} of {parts}. Missing: {gaps}</source>
        <translation>{done}/{parts}。缺少：{gaps}</translation>
    </message>
    <message>
        <source>{done}. Undo brings it back.</source>
        <translation>{done}。“撤销”可将其恢复。</translation>
    </message>
    <message>
        <source>{done}. Undo takes it back.</source>
        <translation>{done}。“撤销”可将其收回。</translation>
    </message>
    <message>
        <source>{earlier} beside {now}</source>
        <translation>{earlier} 与 {now} 并排</translation>
    </message>
    <message>
        <source>{field}: was {value}</source>
        <translation>{field}：原为 {value}</translation>
    </message>
    <message>
        <source>{files} and {more} more.</source>
        <translation>{files} 及另外 {more} 个。</translation>
    </message>
    <message>
        <source>{files} skipped</source>
        <translation>略过 {files} 个文件</translation>
    </message>
    <message>
        <source>{file} cannot be read: whose backups these are was told from the snapshots.</source>
        <translation>{file} 无法读取：这些备份属于哪个病例库，是根据快照判断的。</translation>
    </message>
    <message>
        <source>{file} cannot be read: {why}</source>
        <translation>{file} 无法读取：{why}</translation>
    </message>
    <message>
        <source>{file} carries more than weights ({name})</source>
        <translation>{file} 含有权重以外的内容（{name}）</translation>
    </message>
    <message>
        <source>{file} does not hold what it should: {why}</source>
        <translation>{file} 的内容与应有的不符：{why}</translation>
    </message>
    <message>
        <source>{file} does not open {library}: it is the key file of another library, or the database is damaged too</source>
        <translation>{file} 不能打开 {library}：它是另一病例库的密钥文件，或者数据库也已损坏</translation>
    </message>
    <message>
        <source>{file} has no section Figures</source>
        <translation>{file} 没有 Figures 一节</translation>
    </message>
    <message>
        <source>{file} holds no installer for this kind of installation ({kind})</source>
        <translation>{file} 中没有适用于此安装方式（{kind}）的安装程序</translation>
    </message>
    <message>
        <source>{file} holds no outline of a lesion</source>
        <translation>{file} 不含病变轮廓</translation>
    </message>
    <message>
        <source>{file} holds no weights</source>
        <translation>{file} 不含权重</translation>
    </message>
    <message>
        <source>{file} holds something other than weights, or is damaged</source>
        <translation>{file} 含有权重以外的内容，或已损坏</translation>
    </message>
    <message>
        <source>{file} is already in this visit; it is not added a second time.</source>
        <translation>{file} 已在本次就诊中；不会重复添加。</translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {remedy}</source>
        <translation>{file} 已损坏，或属于另一病例库：{remedy}</translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {why}</source>
        <translation>{file} 已损坏，或属于另一病例库：{why}</translation>
    </message>
    <message>
        <source>{file} is missing: if it was removed, what was done last is not here</source>
        <translation>{file} 缺失：若它被删除，则最后所做的操作不在此处</translation>
    </message>
    <message>
        <source>{file} is missing: whose backups these are was told from the snapshots.</source>
        <translation>{file} 缺失：这些备份属于哪个病例库，是根据快照判断的。</translation>
    </message>
    <message>
        <source>{file} is neither .safetensors nor .pth</source>
        <translation>{file} 既不是 .safetensors 也不是 .pth</translation>
    </message>
    <message>
        <source>{file} is no outline of its white-light picture: their sizes are {sizes}</source>
        <translation>{file} 不是其白光图像的轮廓：两者尺寸为 {sizes}</translation>
    </message>
    <message>
        <source>{file} is not brought in: {why}</source>
        <translation>{file} 未导入：{why}</translation>
    </message>
    <message>
        <source>{file} is there already</source>
        <translation>{file} 已存在</translation>
    </message>
    <message>
        <source>{file} lies in the folder of the library</source>
        <translation>{file} 位于病例库的文件夹中</translation>
    </message>
    <message>
        <source>{file} marks {share:.0%} of its picture as lesion</source>
        <translation>{file} 将其图像的 {share:.0%} 标为病变</translation>
    </message>
    <message>
        <source>{file} was not taken in: {why}. It was left where it is.</source>
        <translation>{file} 未接收：{why}。它仍留在原处。</translation>
    </message>
    <message>
        <source>{file} {harm}, and before the library is opened without it, a copy is kept: {problem}</source>
        <translation>{file} {harm}；不用它打开病例库之前须保留一份副本：{problem}</translation>
    </message>
    <message>
        <source>{file} {harm}: a password or the recovery key was being changed, or an older file put back: what was before and what is new open the library; pfm library repair {library} keeps the newer one</source>
        <translation>{file} {harm}：当时正在更改密码或恢复密钥，或放回了较旧的文件：更改前的和新的都能打开病例库；pfm library repair {library} 保留较新的一份</translation>
    </message>
    <message>
        <source>{file} {harm}: one is left of two. pfm library repair {library} writes both anew</source>
        <translation>{file} {harm}：两份中只剩一份。pfm library repair {library} 会重新写入两份</translation>
    </message>
    <message>
        <source>{file} {harm}: what was done last is not here, or not all of it</source>
        <translation>{file} {harm}：最后所做的操作不在此处，或不完整</translation>
    </message>
    <message>
        <source>{file} {harm}: without it and its copy nobody can open the library; make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation>{file} {harm}：没有它及其副本，任何人都无法打开病例库；请在关闭程序之前做备份，并从中放回 {key_file}：{how}</translation>
    </message>
    <message>
        <source>{first} and {second} do not read the same pictures, and cannot be compared</source>
        <translation>{first} 和 {second} 读取的图像不同，无法比较</translation>
    </message>
    <message>
        <source>{folder} cannot be looked into ({reason}). Check its permissions.</source>
        <translation>无法查看 {folder} 的内容（{reason}）。请检查其权限。</translation>
    </message>
    <message>
        <source>{folder} cannot be reached: {why}</source>
        <translation>无法访问 {folder}：{why}</translation>
    </message>
    <message>
        <source>{folder} cannot be used for work: {reason}</source>
        <translation>{folder} 不能用作工作文件夹：{reason}</translation>
    </message>
    <message>
        <source>{folder} has no snapshot</source>
        <translation>{folder} 没有快照</translation>
    </message>
    <message>
        <source>{folder} has no snapshot that begins with {beginning!r}</source>
        <translation>{folder} 没有以 {beginning!r} 开头的快照</translation>
    </message>
    <message>
        <source>{folder} holds backups of another library</source>
        <translation>{folder} 含有另一病例库的备份</translation>
    </message>
    <message>
        <source>{folder} holds no prepared pictures</source>
        <translation>{folder} 不含已准备的图像</translation>
    </message>
    <message>
        <source>{folder} holds no whole case</source>
        <translation>{folder} 不含完整的病例</translation>
    </message>
    <message>
        <source>{folder} holds other files</source>
        <translation>{folder} 含有其他文件</translation>
    </message>
    <message>
        <source>{folder} holds other files (such as {file}), and a model has a folder of its own</source>
        <translation>{folder} 含有其他文件（例如 {file}），而模型须有自己的文件夹</translation>
    </message>
    <message>
        <source>{folder} holds weights, but {file}, which says what they are, is missing</source>
        <translation>{folder} 含有权重，但缺少说明其内容的 {file}</translation>
    </message>
    <message>
        <source>{folder} is a file</source>
        <translation>{folder} 是文件</translation>
    </message>
    <message>
        <source>{folder} is a library, or lies within one</source>
        <translation>{folder} 是病例库，或位于病例库之内</translation>
    </message>
    <message>
        <source>{folder} is in use</source>
        <translation>{folder} 正在使用</translation>
    </message>
    <message>
        <source>{folder} is no backup that can be told whose it is: its {about} is missing or cannot be read, and no snapshot or key file in it can be read either</source>
        <translation>无法判断 {folder} 是哪个病例库的备份：其 {about} 缺失或无法读取，其中也没有可读取的快照或密钥文件</translation>
    </message>
    <message>
        <source>{folder} is no backup: its {about} is missing or cannot be read, and there is no snapshot</source>
        <translation>{folder} 不是备份：其 {about} 缺失或无法读取，且没有快照</translation>
    </message>
    <message>
        <source>{folder} is not empty</source>
        <translation>{folder} 不是空的</translation>
    </message>
    <message>
        <source>{folder} lies in quarantine: it was learned from the library {library}</source>
        <translation>{folder} 处于隔离中：它是由病例库 {library} 训练得到的</translation>
    </message>
    <message>
        <source>{folder} lies within the folder of the backups</source>
        <translation>{folder} 位于备份文件夹之内</translation>
    </message>
    <message>
        <source>{frames} frames</source>
        <translation>{frames} 帧</translation>
    </message>
    <message>
        <source>{frames} frames missing</source>
        <translation>缺失 {frames} 帧</translation>
    </message>
    <message>
        <source>{frames} frames, {refused} left out as they could not be laid over the first</source>
        <translation>{frames} 帧，其中 {refused} 帧因无法与首帧叠合而略过</translation>
    </message>
    <message>
        <source>{frames} pictures in the file</source>
        <translation>文件中有 {frames} 张图像</translation>
    </message>
    <message>
        <source>{gap:.1f} s between the two pictures</source>
        <translation>两张图像相隔 {gap:.1f} 秒</translation>
    </message>
    <message>
        <source>{gap} after what stands before it</source>
        <translation>在前一项之后 {gap}</translation>
    </message>
    <message>
        <source>{given} of {items} items, {points} points so far</source>
        <translation>{items} 项中已填 {given} 项，目前 {points} 分</translation>
    </message>
    <message>
        <source>{grade} ({share:.2f}; likeliest {other} {most:.2f})</source>
        <translation>{grade}（{share:.2f}；最可能 {other} {most:.2f}）</translation>
    </message>
    <message>
        <source>{grade} {missing} more (has {there})</source>
        <translation>{grade}还缺 {missing}（现有 {there}）</translation>
    </message>
    <message>
        <source>{grade} {numbers}, in the prediction set</source>
        <translation>{grade} {numbers}，在预测集内</translation>
    </message>
    <message>
        <source>{grade} {sign} impression</source>
        <translation>{grade} {sign} 印象</translation>
    </message>
    <message>
        <source>{grade} {women:,} more</source>
        <translation>{grade}还缺 {women:,} 名</translation>
    </message>
    <message>
        <source>{help.shortcuts} shows the keys of the page in front, {help.guide} opens the user guide, and Help has this tour again. Nearly everything can be undone with {edit.undo}.</source>
        <translation>{help.shortcuts} 显示当前页面的按键，{help.guide} 打开用户指南，“帮助”中可再次打开本导览。几乎所有操作都可用 {edit.undo} 撤销。</translation>
    </message>
    <message>
        <source>{hits} of {visits}</source>
        <translation>{hits}/{visits}</translation>
    </message>
    <message>
        <source>{hours} o'clock</source>
        <translation>{hours} 点</translation>
    </message>
    <message>
        <source>{hour} o'clock, {quadrant}</source>
        <translation>{hour} 点，{quadrant}</translation>
    </message>
    <message>
        <source>{identifier} in the file's own record is a placeholder that many women may bear</source>
        <translation>文件自身记录中的 {identifier} 是占位符，许多患者都可能使用</translation>
    </message>
    <message>
        <source>{identifier} is a pseudonym that this library gave in an export: she is on record under her own</source>
        <translation>{identifier} 是本病例库在导出时给出的化名：该患者已以自己的编号记录在案</translation>
    </message>
    <message>
        <source>{identifier} is kept for visits of which nobody has said whose they are</source>
        <translation>{identifier} 专用于尚无人说明归属的就诊</translation>
    </message>
    <message>
        <source>{identifier} then has no visit and goes off the record.</source>
        <translation>{identifier} 将不再有就诊，并从记录中移除。</translation>
    </message>
    <message>
        <source>{identifier}, visit of {day}</source>
        <translation>{identifier}，{day} 的就诊</translation>
    </message>
    <message>
        <source>{inside} in the prediction set, {outside} not in it.</source>
        <translation>{inside} 在预测集内，{outside} 不在其中。</translation>
    </message>
    <message>
        <source>{item} has no answer {key!r}</source>
        <translation>{item}没有答案 {key!r}</translation>
    </message>
    <message>
        <source>{item} is a day</source>
        <translation>{item}应为日期</translation>
    </message>
    <message>
        <source>{item} is a whole number from {least} to {most}</source>
        <translation>{item}应为 {least} 至 {most} 的整数</translation>
    </message>
    <message>
        <source>{item} lies after this visit</source>
        <translation>{item}晚于本次就诊</translation>
    </message>
    <message>
        <source>{item} lies before her birth</source>
        <translation>{item}早于患者出生</translation>
    </message>
    <message>
        <source>{item} lies before this visit, which was on {day}</source>
        <translation>{item}早于本次就诊（{day}）</translation>
    </message>
    <message>
        <source>{item} lies between {first} and today</source>
        <translation>{item}应在 {first} 至今日之间</translation>
    </message>
    <message>
        <source>{item} lies between {first} and {last}</source>
        <translation>{item}应在 {first} 至 {last} 之间</translation>
    </message>
    <message>
        <source>{item} takes a list of answers</source>
        <translation>{item}应为答案列表</translation>
    </message>
    <message>
        <source>{item} takes at most {most} characters</source>
        <translation>{item}最多 {most} 个字符</translation>
    </message>
    <message>
        <source>{item}: "{answer}" stands alone</source>
        <translation>{item}：“{answer}”只能单独选择</translation>
    </message>
    <message>
        <source>{item}: {typed!r} is no day</source>
        <translation>{item}：{typed!r} 不是日期</translation>
    </message>
    <message>
        <source>{job}: stopping</source>
        <translation>{job}：正在停止</translation>
    </message>
    <message>
        <source>{key_file} and {copy} are those of another library</source>
        <translation>{key_file} 和 {copy} 属于另一病例库</translation>
    </message>
    <message>
        <source>{keys} already belongs to "{command}". Choose other keys, or change that first.</source>
        <translation>{keys} 已用于“{command}”。请选择其他按键，或先更改该项。</translation>
    </message>
    <message>
        <source>{keys} always means "{command}" on the page {page}. Choose other keys.</source>
        <translation>{keys} 在“{page}”页面始终表示“{command}”。请选择其他按键。</translation>
    </message>
    <message>
        <source>{keys} always means "{command}" there. Choose other keys.</source>
        <translation>{keys} 在那里始终表示“{command}”。请选择其他按键。</translation>
    </message>
    <message>
        <source>{keys} is free.</source>
        <translation>{keys} 未被占用。</translation>
    </message>
    <message>
        <source>{keys} is needed in text fields and lists, and this acts on every page. Choose other keys.</source>
        <translation>文本框和列表需要使用 {keys}，而此命令在每个页面都起作用。请选择其他按键。</translation>
    </message>
    <message>
        <source>{keys} or Escape closes</source>
        <translation>{keys} 或 Esc 关闭</translation>
    </message>
    <message>
        <source>{key}: note; Enter goes back to the pictures</source>
        <translation>{key}：备注；Enter 返回图像</translation>
    </message>
    <message>
        <source>{lamp} does not answer</source>
        <translation>{lamp} 没有响应</translation>
    </message>
    <message>
        <source>{lamp} is not connected</source>
        <translation>{lamp} 未连接</translation>
    </message>
    <message>
        <source>{lamp} refuses: {error}</source>
        <translation>{lamp} 拒绝：{error}</translation>
    </message>
    <message>
        <source>{lamp} was unplugged</source>
        <translation>{lamp} 已被拔下</translation>
    </message>
    <message>
        <source>{least} to {most} {unit}</source>
        <translation>{least} 至 {most} {unit}</translation>
    </message>
    <message>
        <source>{least} to {most}, {threshold}</source>
        <translation>{least} 至 {most}，{threshold}</translation>
    </message>
    <message>
        <source>{lesion}: drag around it, or click corners (Enter closes)</source>
        <translation>{lesion}：拖动圈出，或点击各顶点（Enter 闭合）</translation>
    </message>
    <message>
        <source>{lesion}: paint; [ and ] size the brush</source>
        <translation>{lesion}：涂画；[ 和 ] 调整画笔大小</translation>
    </message>
    <message>
        <source>{lesion}: take away; [ and ] size the eraser</source>
        <translation>{lesion}：擦除；[ 和 ] 调整橡皮大小</translation>
    </message>
    <message>
        <source>{letter}  {hour} o'clock</source>
        <translation>{letter}  {hour} 点</translation>
    </message>
    <message>
        <source>{letter}  {hour} o'clock?</source>
        <translation>{letter}  {hour} 点？</translation>
    </message>
    <message>
        <source>{library} (what was recorded since lies in {file})</source>
        <translation>{library}（此后记录的内容在 {file} 中）</translation>
    </message>
    <message>
        <source>{library} holds no library of this program</source>
        <translation>{library} 不含本程序的病例库</translation>
    </message>
    <message>
        <source>{lines} and {count} more</source>
        <translation>{lines} 及另外 {count} 项</translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits and the chain holds from the first line of the trail to the last.</source>
        <translation>{lines} 行：签名相符，且从审计追踪的第一行到最后一行链条完整。</translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits. It is a part of the trail, so the chain between its lines cannot be checked.</source>
        <translation>{lines} 行：签名相符。这是审计追踪的一部分，因此无法检查其各行之间的链条。</translation>
    </message>
    <message numerus="yes">
        <source>{lost} (is|are) altered or missing in {folder}, and not in the encrypted copy. Before it is worked with: pfm library repair {folder} --from BACKUP, then encrypt it once more. A backup of the plain library mends no encrypted one</source>
        <translation>
            <numerusform>{folder} 中的 {lost} 已改动或缺失，且不在加密副本中。使用它之前：pfm library repair {folder} --from BACKUP，然后再次加密。未加密病例库的备份不能修复已加密的病例库</numerusform>
        </translation>
    </message>
    <message>
        <source>{lost} epochs of an earlier run in {run} were made with other cases, grades or settings (such as --epochs) and are not used; training starts from the beginning</source>
        <translation>{run} 中先前一次运行的 {lost} 轮是用其他病例、级别或设置（例如 --epochs）得到的，不予使用；训练从头开始</translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing.</source>
        <translation>{taken} 帧中缺失 {lost} 帧。</translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing: the disk was too slow.</source>
        <translation>{taken} 帧中缺失 {lost} 帧：磁盘过慢。</translation>
    </message>
    <message>
        <source>{low:.2f} to {high:.2f}</source>
        <translation>{low:.2f} 至 {high:.2f}</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} 至 {high}</translation>
    </message>
    <message>
        <source>{manifest} names files that are not among those given ({files})</source>
        <translation>{manifest} 列出的文件不在所给文件之中（{files}）</translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid).</source>
        <translation>{map}（叠加于醋酸后首帧）。</translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid, dark to bright: 0 to {end:g} {unit}).</source>
        <translation>{map}（叠加于醋酸后首帧，由暗到亮：0 至 {end:g} {unit}）。</translation>
    </message>
    <message>
        <source>{mm} mm is no length</source>
        <translation>{mm} mm 不是有效长度</translation>
    </message>
    <message>
        <source>{model} (cannot answer, see Models)</source>
        <translation>{model}（无法给出结果，见“模型”）</translation>
    </message>
    <message>
        <source>{model} answers already on this computer</source>
        <translation>{model} 已在本计算机上给出结果</translation>
    </message>
    <message>
        <source>{model} answers as before</source>
        <translation>{model} 照旧给出结果</translation>
    </message>
    <message>
        <source>{model} answers now</source>
        <translation>现由 {model} 给出结果</translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s).</source>
        <translation>
            <numerusform>由 {model} 分析 %n 对图像。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s); the other {rest:,} follow at random.</source>
        <translation>
            <numerusform>由 {model} 分析 %n 对图像；其余 {rest:,} 对随机排在其后。</numerusform>
        </translation>
    </message>
    <message>
        <source>{model} is no longer the model that this one was learned from</source>
        <translation>{model} 已不再是此模型训练时所用的那个模型</translation>
    </message>
    <message>
        <source>{model} is no longer the model that this run began with</source>
        <translation>{model} 已不再是此次运行开始时所用的那个模型</translation>
    </message>
    <message>
        <source>{model} is promoted in this library, and {answering} answers on this computer</source>
        <translation>{model} 已在本病例库中启用，而本计算机上给出结果的是 {answering}</translation>
    </message>
    <message>
        <source>{model} was compared with {other}, and {answering} answers now</source>
        <translation>{model} 曾与 {other} 比较，而现在给出结果的是 {answering}</translation>
    </message>
    <message>
        <source>{model} was learned from this library and is {state}: it answers once it is compared and promoted in Fine-tune</source>
        <translation>{model} 由本病例库训练得到，状态为“{state}”：在“微调”中经比较并启用后才会给出结果</translation>
    </message>
    <message>
        <source>{mode} converted to RGB</source>
        <translation>{mode} 已转换为 RGB</translation>
    </message>
    <message>
        <source>{name!r} cannot be a folder on Windows</source>
        <translation>{name!r} 不能用作 Windows 上的文件夹</translation>
    </message>
    <message>
        <source>{name!r} cannot be the name of a model</source>
        <translation>{name!r} 不能用作模型名称</translation>
    </message>
    <message>
        <source>{name!r} is no visit of this library</source>
        <translation>{name!r} 不是本病例库中的就诊</translation>
    </message>
    <message>
        <source>{name!r} is the beginning of several visits</source>
        <translation>有多次就诊以 {name!r} 开头</translation>
    </message>
    <message>
        <source>{names} would be one woman</source>
        <translation>{names} 会归为同一患者</translation>
    </message>
    <message>
        <source>{name}
born {born}, ID {identifier}</source>
        <translation>{name}
出生日期 {born}，ID {identifier}</translation>
    </message>
    <message>
        <source>{name}    born {birth_date}    ID {identifier}</source>
        <translation>{name}    出生日期 {birth_date}    ID {identifier}</translation>
    </message>
    <message>
        <source>{name} (you)</source>
        <translation>{name}（本人）</translation>
    </message>
    <message>
        <source>{name} = {given} is neither true nor false</source>
        <translation>{name} = {given} 既不是 true 也不是 false</translation>
    </message>
    <message>
        <source>{name} = {number} does not fit a network</source>
        <translation>{name} = {number} 不适用于网络</translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures</source>
        <translation>{name} 有响应，但不输出图像</translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures that are read</source>
        <translation>{name} 有响应，但不输出可读取的图像</translation>
    </message>
    <message>
        <source>{name} cannot be reached</source>
        <translation>无法访问 {name}</translation>
    </message>
    <message>
        <source>{name} cannot be read</source>
        <translation>{name} 无法读取</translation>
    </message>
    <message>
        <source>{name} cannot be read as a video</source>
        <translation>{name} 无法作为视频读取</translation>
    </message>
    <message>
        <source>{name} cannot be read: {problem}</source>
        <translation>{name} 无法读取：{problem}</translation>
    </message>
    <message>
        <source>{name} does not give pictures in a form that is read</source>
        <translation>{name} 输出的图像格式不受支持</translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set here</source>
        <translation>{name} 不允许在此设置{control}</translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set so</source>
        <translation>{name} 不允许将{control}设为此值</translation>
    </message>
    <message>
        <source>{name} does not open: it is not there, another program uses it, or the system's privacy settings forbid it</source>
        <translation>{name} 无法打开：它不存在、正被另一程序使用，或系统的隐私设置不允许</translation>
    </message>
    <message>
        <source>{name} does not open: {why}</source>
        <translation>{name} 无法打开：{why}</translation>
    </message>
    <message>
        <source>{name} ended the connection</source>
        <translation>{name} 结束了连接</translation>
    </message>
    <message>
        <source>{name} failed ({kind})</source>
        <translation>{name} 失败（{kind}）</translation>
    </message>
    <message>
        <source>{name} failed while it was read</source>
        <translation>读取 {name} 时失败</translation>
    </message>
    <message>
        <source>{name} gives no pictures</source>
        <translation>{name} 不输出图像</translation>
    </message>
    <message>
        <source>{name} has changed since it was looked at</source>
        <translation>{name} 在查看之后已改变</translation>
    </message>
    <message>
        <source>{name} has no frame yet</source>
        <translation>{name} 尚无帧</translation>
    </message>
    <message>
        <source>{name} has no pictures</source>
        <translation>{name} 没有图像</translation>
    </message>
    <message>
        <source>{name} has {bits} bits a channel in a form that cannot be read</source>
        <translation>{name} 每通道 {bits} 位，其格式无法读取</translation>
    </message>
    <message>
        <source>{name} has {channels} channels of 16 bits</source>
        <translation>{name} 有 {channels} 个 16 位通道</translation>
    </message>
    <message>
        <source>{name} holds 32-bit numbers instead of colours</source>
        <translation>{name} 包含 32 位数值而非颜色</translation>
    </message>
    <message>
        <source>{name} holds floating-point numbers instead of colours</source>
        <translation>{name} 包含浮点数值而非颜色</translation>
    </message>
    <message>
        <source>{name} is a pickle, which can run programs when it is opened, and is never loaded</source>
        <translation>{name} 是 pickle 文件，打开时可能运行程序，因此从不加载</translation>
    </message>
    <message>
        <source>{name} is at its end</source>
        <translation>{name} 已播放完毕</translation>
    </message>
    <message>
        <source>{name} is cut short within the zip</source>
        <translation>{name} 在 zip 中不完整</translation>
    </message>
    <message>
        <source>{name} is damaged</source>
        <translation>{name} 已损坏</translation>
    </message>
    <message>
        <source>{name} is damaged or cut short ({kind})</source>
        <translation>{name} 已损坏或不完整（{kind}）</translation>
    </message>
    <message>
        <source>{name} is damaged or cut short: {how}</source>
        <translation>{name} 已损坏或不完整：{how}</translation>
    </message>
    <message>
        <source>{name} is damaged within the zip ({error})</source>
        <translation>{name} 在 zip 中已损坏（{error}）</translation>
    </message>
    <message>
        <source>{name} is empty (zero bytes)</source>
        <translation>{name} 是空的（零字节）</translation>
    </message>
    <message>
        <source>{name} is not a file</source>
        <translation>{name} 不是文件</translation>
    </message>
    <message>
        <source>{name} is not a file any more</source>
        <translation>{name} 已不再是文件</translation>
    </message>
    <message>
        <source>{name} is not a picture that can be read</source>
        <translation>{name} 不是可读取的图像</translation>
    </message>
    <message>
        <source>{name} is not open</source>
        <translation>{name} 未打开</translation>
    </message>
    <message>
        <source>{name} is not there</source>
        <translation>{name} 不存在</translation>
    </message>
    <message>
        <source>{name} is signed in, and cannot sign as {other}</source>
        <translation>当前登录的是 {name}，不能以 {other} 的名义签名</translation>
    </message>
    <message>
        <source>{name} is signed out.</source>
        <translation>{name} 已退出登录。</translation>
    </message>
    <message>
        <source>{name} is there already. Nothing was written. Choose another name.</source>
        <translation>{name} 已存在。未写入任何内容。请选择另一名称。</translation>
    </message>
    <message>
        <source>{name} is too large</source>
        <translation>{name} 过大</translation>
    </message>
    <message>
        <source>{name} is too large ({size:.1f} GB)</source>
        <translation>{name} 过大（{size:.1f} GB）</translation>
    </message>
    <message>
        <source>{name} is too large ({size})</source>
        <translation>{name} 过大（{size}）</translation>
    </message>
    <message>
        <source>{name} is too large or declares no frames ({frames} frames of {size})</source>
        <translation>{name} 过大或未声明帧（{frames} 帧，每帧 {size}）</translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({size})</source>
        <translation>{name} 过小，不是图像（{size}）</translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({width} x {height} pixels)</source>
        <translation>{name} 过小，不是图像（{width} x {height} 像素）</translation>
    </message>
    <message>
        <source>{name} is {on_record}: these would be added to hers.</source>
        <translation>{name}：{on_record}；这些将加入该患者名下。</translation>
    </message>
    <message>
        <source>{name} is {problem}</source>
        <translation>{name} {problem}</translation>
    </message>
    <message>
        <source>{name} is {roles} in this library</source>
        <translation>{name} 在本病例库中的角色为{roles}</translation>
    </message>
    <message>
        <source>{name} is {roles}: {acts}, nothing else can be changed</source>
        <translation>{name} 的角色为{roles}：{acts}，其他均不能更改</translation>
    </message>
    <message>
        <source>{name} knows no such path</source>
        <translation>{name} 没有此路径</translation>
    </message>
    <message>
        <source>{name} may not {act}</source>
        <translation>{name} 无权{act}</translation>
    </message>
    <message>
        <source>{name} may sign in now.</source>
        <translation>{name} 现在可以登录。</translation>
    </message>
    <message>
        <source>{name} refuses this user</source>
        <translation>{name} 拒绝此用户</translation>
    </message>
    <message>
        <source>{name} says the day, and the file's time is of that day</source>
        <translation>{name} 标明了日期，且文件时间为同一天</translation>
    </message>
    <message>
        <source>{name} serves others already</source>
        <translation>{name} 已在为其他程序提供图像</translation>
    </message>
    <message>
        <source>{name} was interrupted</source>
        <translation>{name} 已中断</translation>
    </message>
    <message>
        <source>{name} was not added. {why}</source>
        <translation>{name} 未添加。{why}</translation>
    </message>
    <message>
        <source>{name} was unplugged</source>
        <translation>{name} 已被拔下</translation>
    </message>
    <message>
        <source>{name} {cases} ({women} women)</source>
        <translation>{name} {cases}（{women} 名患者）</translation>
    </message>
    <message>
        <source>{name} {version} is here now ({label}). It answers nothing until it is chosen.</source>
        <translation>{name} {version} 已在此处（{label}）。选用之前，它不会给出任何结果。</translation>
    </message>
    <message>
        <source>{name} {version}, signed on {day}. Anybody can sign a file: type the fingerprint that its sender told you {way}. It answers nothing until it is chosen here.</source>
        <translation>{name} {version}，签名日期 {day}。任何人都能给文件签名：请输入发送者告知的指纹（{way}）。在此选用之前，它不会给出任何结果。</translation>
    </message>
    <message>
        <source>{name}, AI seen before</source>
        <translation>{name}，此前已看过 AI</translation>
    </message>
    <message>
        <source>{name}, born {birth}, ID {identifier}</source>
        <translation>{name}，出生日期 {birth}，ID {identifier}</translation>
    </message>
    <message>
        <source>{name}, born {day}</source>
        <translation>{name}，出生日期 {day}</translation>
    </message>
    <message>
        <source>{name}, drift</source>
        <translation>{name}，漂移</translation>
    </message>
    <message>
        <source>{name}, not graded</source>
        <translation>{name}，未分级</translation>
    </message>
    <message>
        <source>{name}, or a model that it came from, has learned from all women of the locked test: figures on them say nothing</source>
        <translation>{name} 或其来源模型已用锁定测试集的全部患者训练过：在这些患者上的数值没有意义</translation>
    </message>
    <message>
        <source>{name}, read again</source>
        <translation>{name}，重复阅片</translation>
    </message>
    <message>
        <source>{name}, the name of this computer's account; set the reader's name in Settings</source>
        <translation>{name}，即本计算机账户的名称；请在“设置”中设置阅片者姓名</translation>
    </message>
    <message>
        <source>{name}, {title}, whole</source>
        <translation>{name}，{title}，全文</translation>
    </message>
    <message>
        <source>{name}: quality {verdict}{problems}.</source>
        <translation>{name}：质量{verdict}{problems}。</translation>
    </message>
    <message>
        <source>{name}: {folders} would be one woman.</source>
        <translation>{name}：{folders} 会归为同一患者。</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number}/{count}</translation>
    </message>
    <message>
        <source>{number} of {count}: {picture}; {state}</source>
        <translation>{number}/{count}：{picture}；{state}</translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}</source>
        <translation>{number}：最大 dL* {peak:.1f}，在 {at}</translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}, against normal tissue</source>
        <translation>{number}：最大 dL* {peak:.1f}，在 {at}，相对于正常组织</translation>
    </message>
    <message>
        <source>{number}: no whitening</source>
        <translation>{number}：无醋白变化</translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation>{one}、{other}</translation>
    </message>
    <message>
        <source>{one} and {other} and {count} more</source>
        <translation>{one}、{other} 及另外 {count} 个</translation>
    </message>
    <message numerus="yes">
        <source>{one} and {other} are said as birth dates, and all</source>
        <comment>before: would be one woman</comment>
        <translation>
            <numerusform>{one} 和 {other} 均被标为出生日期，而全部图像</numerusform>
        </translation>
    </message>
    <message>
        <source>{one} and {other}, AI seen</source>
        <translation>{one}、{other}，已看过 AI</translation>
    </message>
    <message numerus="yes">
        <source>{out:,} of %n picture(s) ({left:,} left out)</source>
        <translation>
            <numerusform>%n 张图像中的 {out:,} 张（略过 {left:,} 张）</numerusform>
        </translation>
    </message>
    <message>
        <source>{page} cannot be shown at the moment. The message at the foot of the window says why; Next goes on.</source>
        <translation>{page} 目前无法显示。窗口底部的消息说明原因；“下一步”可继续。</translation>
    </message>
    <message>
        <source>{pairs} (+ {again:,} again)</source>
        <translation>{pairs}（+ {again:,} 重复）</translation>
    </message>
    <message>
        <source>{part} in it is too large</source>
        <translation>其中的 {part} 过大</translation>
    </message>
    <message>
        <source>{part} is not what was signed</source>
        <translation>{part} 与签名的内容不符</translation>
    </message>
    <message>
        <source>{path} already holds a library</source>
        <translation>{path} 已含有病例库</translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {problem}</source>
        <translation>{path} 无法查看：{problem}</translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {why}</source>
        <translation>无法查看 {path}：{why}</translation>
    </message>
    <message>
        <source>{path} cannot be read ({error})</source>
        <translation>{path} 无法读取（{error}）</translation>
    </message>
    <message>
        <source>{path} cannot be read as a video: {why}</source>
        <translation>{path} 无法作为视频读取：{why}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {problem}</source>
        <translation>{path} 无法读取：{problem}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}</source>
        <translation>{path} 无法读取：{reason}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {why}</source>
        <translation>{path} 无法读取：{why}</translation>
    </message>
    <message>
        <source>{path} cannot be written as a picture: {said} says no format that is written</source>
        <translation>{path} 无法作为图像写入：{said}未指明可写入的格式</translation>
    </message>
    <message>
        <source>{path} cannot be written: a JPEG is at most {most} pixels wide and high</source>
        <translation>{path} 无法写入：JPEG 的宽和高最多 {most} 像素</translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} is no folder</source>
        <translation>{path} 无法写入：{folder} 不是文件夹</translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} may not be written</source>
        <translation>{path} 无法写入：{folder} 不允许写入</translation>
    </message>
    <message>
        <source>{path} could not be written: choose another folder.</source>
        <translation>{path} 未能写入：请选择另一文件夹。</translation>
    </message>
    <message>
        <source>{path} has format {found}, not {first} or {second}</source>
        <translation>{path} 的格式为 {found}，而非 {first} 或 {second}</translation>
    </message>
    <message>
        <source>{path} has no [{table}]: it is from an earlier version, or was altered</source>
        <translation>{path} 没有 [{table}]：它来自较早的版本，或已被改动</translation>
    </message>
    <message>
        <source>{path} has no frame at {seconds:g} seconds</source>
        <translation>{path} 在 {seconds:g} 秒处没有帧</translation>
    </message>
    <message>
        <source>{path} has no {file}</source>
        <translation>{path} 没有 {file}</translation>
    </message>
    <message>
        <source>{path} has the column {columns} twice</source>
        <translation>{path} 中的列 {columns} 出现两次</translation>
    </message>
    <message>
        <source>{path} holds more than {count:,} files</source>
        <translation>{path} 含有超过 {count:,} 个文件</translation>
    </message>
    <message>
        <source>{path} holds no library: {file} is missing</source>
        <translation>{path} 不含病例库：缺少 {file}</translation>
    </message>
    <message>
        <source>{path} holds other files</source>
        <translation>{path} 含有其他文件</translation>
    </message>
    <message>
        <source>{path} holds something else than a library</source>
        <translation>{path} 含有病例库以外的内容</translation>
    </message>
    <message>
        <source>{path} holds the pictures of a library whose database is missing</source>
        <translation>{path} 含有病例库的图像，但缺少其数据库</translation>
    </message>
    <message>
        <source>{path} holds the pictures of an encrypted library whose database is missing</source>
        <translation>{path} 含有已加密病例库的图像，但缺少其数据库</translation>
    </message>
    <message>
        <source>{path} holds the {file} of a library whose database is missing</source>
        <translation>{path} 含有病例库的 {file}，但缺少其数据库</translation>
    </message>
    <message>
        <source>{path} holds the {file} of an encrypted library whose database is missing</source>
        <translation>{path} 含有已加密病例库的 {file}，但缺少其数据库</translation>
    </message>
    <message>
        <source>{path} is a folder</source>
        <translation>{path} 是文件夹</translation>
    </message>
    <message>
        <source>{path} is a folder, not a picture</source>
        <translation>{path} 是文件夹，不是图像</translation>
    </message>
    <message>
        <source>{path} is a folder, not a {kind}</source>
        <translation>{path} 是文件夹，不是{kind}</translation>
    </message>
    <message>
        <source>{path} is a pickle, which could hold a program: it was not opened</source>
        <translation>{path} 是 pickle 文件，可能含有程序：未打开</translation>
    </message>
    <message>
        <source>{path} is coded in {shown}, which is not read</source>
        <translation>{path} 的编码为 {shown}，不支持读取</translation>
    </message>
    <message>
        <source>{path} is damaged or no update file: {why}</source>
        <translation>{path} 已损坏或不是更新文件：{why}</translation>
    </message>
    <message>
        <source>{path} is damaged: {error} is missing</source>
        <translation>{path} 已损坏：缺少 {error}</translation>
    </message>
    <message>
        <source>{path} is damaged: {said}</source>
        <translation>{path} 已损坏：{said}</translation>
    </message>
    <message>
        <source>{path} is encrypted already</source>
        <translation>{path} 已经加密</translation>
    </message>
    <message>
        <source>{path} is far too large ({size} bytes)</source>
        <translation>{path} 远超允许的大小（{size} 字节）</translation>
    </message>
    <message>
        <source>{path} is in the way</source>
        <translation>{path} 挡住了位置</translation>
    </message>
    <message>
        <source>{path} is named twice and would be overwritten</source>
        <translation>{path} 被指定了两次，会被覆盖</translation>
    </message>
    <message>
        <source>{path} is not UTF-8 text</source>
        <translation>{path} 不是 UTF-8 文本</translation>
    </message>
    <message>
        <source>{path} is not a CSV table: {error}</source>
        <translation>{path} 不是 CSV 表格：{error}</translation>
    </message>
    <message>
        <source>{path} is not a file</source>
        <translation>{path} 不是文件</translation>
    </message>
    <message>
        <source>{path} is not a file that may be written: /{folder} belongs to the system</source>
        <translation>{path} 不是可写入的文件：/{folder} 属于系统</translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file ({error})</source>
        <translation>{path} 不是可读取的 safetensors 文件（{error}）</translation>
    </message>
    <message>
        <source>{path} is not a video that can be read</source>
        <translation>{path} 不是可读取的视频</translation>
    </message>
    <message>
        <source>{path} is not a zip that can be read, or it is cut short</source>
        <translation>{path} 不是可读取的 zip，或不完整</translation>
    </message>
    <message>
        <source>{path} is not signed by those whom this program trusts</source>
        <translation>{path} 不是由此程序信任的人签署的</translation>
    </message>
    <message>
        <source>{path} is not there</source>
        <translation>{path} 不存在</translation>
    </message>
    <message>
        <source>{path} is of a form that this version does not know</source>
        <translation>{path} 的格式是此版本不识别的</translation>
    </message>
    <message>
        <source>{path} is separated by {marks}</source>
        <translation>{path} 的分隔符为{marks}</translation>
    </message>
    <message>
        <source>{path} is too large for a {kind}</source>
        <translation>{path} 过大，不是{kind}</translation>
    </message>
    <message numerus="yes">
        <source>{path} lacks the column(s) {columns}</source>
        <translation>
            <numerusform>{path} 缺少列 {columns}</numerusform>
        </translation>
    </message>
    <message>
        <source>{path} may not be installed any more: it was good until {until}, and this computer's clock says {now}</source>
        <translation>{path} 已不可安装：有效期至 {until}，而此计算机的时钟显示 {now}</translation>
    </message>
    <message>
        <source>{path} may not be read: permission denied</source>
        <translation>{path} 不允许读取：权限不足</translation>
    </message>
    <message>
        <source>{path} names no case</source>
        <translation>{path} 没有列出病例</translation>
    </message>
    <message>
        <source>{path} names the case {name} twice (lines {first} and {second})</source>
        <translation>{path} 将病例 {name} 列出两次（第 {first} 行和第 {second} 行）</translation>
    </message>
    <message>
        <source>{path} names the file {name} twice (lines {first} and {second})</source>
        <translation>{path} 将文件 {name} 列出两次（第 {first} 行和第 {second} 行）</translation>
    </message>
    <message>
        <source>{path} unpacks to {unpacked:,.0f} MB, more than {times} times its {packed:,.1f} MB, as no pictures do (up to {free} MB it may); at most {limit} GB are read of a zip</source>
        <translation>{path} 解压后为 {unpacked:,.0f} MB，超过其 {packed:,.1f} MB 的 {times} 倍，图像不会如此（{free} MB 以内不受此限）；一个 zip 最多读取 {limit} GB</translation>
    </message>
    <message>
        <source>{path} was altered after the model was made</source>
        <translation>{path} 在模型制成后被改动</translation>
    </message>
    <message>
        <source>{path} was signed before an update file that was installed, or made ready, here already</source>
        <translation>{path} 的签名早于此处已安装或已准备好的某个更新文件</translation>
    </message>
    <message>
        <source>{path}, line {line}</source>
        <translation>{path}，第 {line} 行</translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix</source>
        <translation>占宫颈的 {percent:.0f}%</translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix as found</source>
        <translation>占所识别宫颈的 {percent:.0f}%</translation>
    </message>
    <message>
        <source>{pictures} already in the library</source>
        <translation>病例库中已有 {pictures} 张</translation>
    </message>
    <message>
        <source>{pictures} left out</source>
        <translation>略过 {pictures} 张</translation>
    </message>
    <message>
        <source>{pictures} pictures added</source>
        <translation>已添加 {pictures} 张图像</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits added</source>
        <translation>已添加 {visits} 次就诊的 {pictures} 张图像</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits moved</source>
        <translation>已移动 {visits} 次就诊的 {pictures} 张图像</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits removed</source>
        <translation>已移除 {visits} 次就诊的 {pictures} 张图像</translation>
    </message>
    <message>
        <source>{pictures} pictures moved</source>
        <translation>已移动 {pictures} 张图像</translation>
    </message>
    <message>
        <source>{pictures} pictures removed</source>
        <translation>已移除 {pictures} 张图像</translation>
    </message>
    <message>
        <source>{pictures} to be looked at</source>
        <translation>待查看 {pictures} 张</translation>
    </message>
    <message>
        <source>{picture} (space: the other)</source>
        <translation>{picture}（空格：另一张）</translation>
    </message>
    <message>
        <source>{picture} of {part}</source>
        <translation>{part} 的{picture}</translation>
    </message>
    <message>
        <source>{picture} {problems}.</source>
        <translation>{picture}{problems}。</translation>
    </message>
    <message>
        <source>{picture}, being registered</source>
        <translation>{picture}，正在配准</translation>
    </message>
    <message>
        <source>{picture}, not registered</source>
        <translation>{picture}，未配准</translation>
    </message>
    <message>
        <source>{picture}, {seconds:.0f} s after acid</source>
        <translation>{picture}，醋酸后 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>{picture}: missing in the library, its file is gone or was altered.</source>
        <translation>{picture}：病例库中缺失，其文件已丢失或被更改。</translation>
    </message>
    <message>
        <source>{picture}: not shown, as the other picture of its pair is missing.</source>
        <translation>{picture}：未显示，因为其配对中的另一张图像缺失。</translation>
    </message>
    <message>
        <source>{place} (on other pictures of this visit)</source>
        <translation>{place}（在本次就诊的其他图像上）</translation>
    </message>
    <message>
        <source>{problem}. Nothing was saved.</source>
        <translation>{problem}。未保存任何内容。</translation>
    </message>
    <message>
        <source>{problem}: a backup opens with those of its day, here of {snapshot}, whatever was changed since</source>
        <translation>{problem}：备份须用其当日的密码或密钥打开，此处为 {snapshot}，不论此后有何更改</translation>
    </message>
    <message>
        <source>{problem}: copy it again from where it came, for what follows</source>
        <translation>{problem}：请从来源重新复制，以取得其后的内容</translation>
    </message>
    <message>
        <source>{pseudonym} is {woman}. That you asked is on record.</source>
        <translation>{pseudonym} 是 {woman}。此次查询已记录。</translation>
    </message>
    <message>
        <source>{reader} no longer reads {task}: the reader is {now} now.</source>
        <translation>{reader} 不再阅片 {task}：现在的阅片者是 {now}。</translation>
    </message>
    <message numerus="yes">
        <source>{ready} of %n picture(s) will be brought in</source>
        <translation>
            <numerusform>将导入 %n 张图像中的 {ready} 张</numerusform>
        </translation>
    </message>
    <message>
        <source>{reason}, and that her identity was removed: it may be a pseudonym</source>
        <translation>{reason}，并标明患者身份已被去除：它可能是化名</translation>
    </message>
    <message>
        <source>{reason}, and the same stands beside {names}</source>
        <translation>{reason}，且同样内容也见于 {names} 旁</translation>
    </message>
    <message>
        <source>{reason}, and the visit was said to be on {day}</source>
        <translation>{reason}，且该次就诊被标为 {day}</translation>
    </message>
    <message>
        <source>{reason}, but it stands in {places}, where numbers may begin anew</source>
        <translation>{reason}，但它位于 {places}，其中的编号可能重新开始</translation>
    </message>
    <message>
        <source>{reason}, but its colours are those of {light}</source>
        <translation>{reason}，但其颜色是{light}的颜色</translation>
    </message>
    <message>
        <source>{reason}, but its record says that the patient is male</source>
        <translation>{reason}，但其记录标明患者为男性</translation>
    </message>
    <message>
        <source>{reason}, but its record says {kind}, which is no photograph of a cervix</source>
        <translation>{reason}，但其记录标明为 {kind}，并非宫颈照片</translation>
    </message>
    <message>
        <source>{reason}, but its study holds pictures of {others} as well</source>
        <translation>{reason}，但其检查中还有 {others} 的图像</translation>
    </message>
    <message>
        <source>{reason}, but nothing else says it</source>
        <translation>{reason}，但没有其他内容佐证</translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside different birth dates</source>
        <translation>{reason}，但同样内容也见于不同的出生日期旁</translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside {names}</source>
        <translation>{reason}，但同样内容也见于 {names} 旁</translation>
    </message>
    <message>
        <source>{reason}, but {doubt}</source>
        <translation>{reason}，但{doubt}</translation>
    </message>
    <message>
        <source>{reason}, but {figures} behind the day may be a count</source>
        <translation>{reason}，但日期后的 {figures} 可能是序号</translation>
    </message>
    <message>
        <source>{reason}, but {names} within it may be different women</source>
        <translation>{reason}，但其中的 {names} 可能是不同的患者</translation>
    </message>
    <message>
        <source>{reason}, but {where} says {number}</source>
        <translation>{reason}，但{where} 标明为 {number}</translation>
    </message>
    <message>
        <source>{reason}, but {where} within it may name her</source>
        <translation>{reason}，但其中的{where} 可能是患者姓名</translation>
    </message>
    <message>
        <source>{reason}: {figures} behind it is taken for a count</source>
        <translation>{reason}：其后的 {figures} 视为序号</translation>
    </message>
    <message>
        <source>{reason}: {number} is {name} in this library.</source>
        <translation>{reason}：{number} 在本病例库中是 {name}。</translation>
    </message>
    <message>
        <source>{reason}: {number}, and hers is {identifier}.</source>
        <translation>{reason}：{number}，而该患者的编号是 {identifier}。</translation>
    </message>
    <message>
        <source>{reason}; they differ in shape ({one} and {other})</source>
        <translation>{reason}；两者形状不同（{one} 和 {other}）</translation>
    </message>
    <message>
        <source>{reason}; without points: {cause}</source>
        <translation>{reason}；不用点时：{cause}</translation>
    </message>
    <message>
        <source>{regions}, dashed line</source>
        <translation>{regions}，虚线</translation>
    </message>
    <message>
        <source>{regions}, whole line</source>
        <translation>{regions}，实线</translation>
    </message>
    <message>
        <source>{registered}, by hand</source>
        <translation>{registered}，手动</translation>
    </message>
    <message>
        <source>{remedy}, or {other_way}</source>
        <translation>{remedy}，或{other_way}</translation>
    </message>
    <message>
        <source>{review.pin} takes the pin tool, and a click marks where a biopsy was taken. Each pin has its pot here, and {review.labels} saves the labels of the pots.</source>
        <translation>{review.pin} 选用活检标记工具，点击即标出取活检的位置。每个活检标记在此有其标本瓶，{review.labels} 保存标本瓶的标签。</translation>
    </message>
    <message>
        <source>{same} the same, {far} two grades or more apart</source>
        <translation>{same} 相同，{far} 相差两级或以上</translation>
    </message>
    <message>
        <source>{scale:.4g} mm a pixel: the picture is {width:.1f} mm wide.</source>
        <translation>每像素 {scale:.4g} mm：图像宽 {width:.1f} mm。</translation>
    </message>
    <message>
        <source>{seconds:.0f} s after acid</source>
        <translation>醋酸后 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>{seconds:.0f} s long</source>
        <translation>时长 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>{seconds:.1f} of {total:.1f} s</source>
        <translation>{seconds:.1f}/{total:.1f} 秒</translation>
    </message>
    <message>
        <source>{sentence}.</source>
        <translation>{sentence}。</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen after Lugol's iodine.</source>
        <translation>白光图像的 {share:.0%} 在卢戈碘液后的图像中可见。</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in fluorescence.</source>
        <translation>白光图像的 {share:.0%} 在荧光图像中可见。</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in white light.</source>
        <translation>白光图像的 {share:.0%} 在白光下可见。</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen through the green filter.</source>
        <translation>白光图像的 {share:.0%} 在绿色滤镜图像中可见。</translation>
    </message>
    <message>
        <source>{share:.0%} of this visit's picture is seen in the earlier one.</source>
        <translation>本次就诊图像的 {share:.0%} 在既往图像中可见。</translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits found; scroll down for older ones</source>
        <translation>找到 {total:,} 次就诊，显示 {shown:,} 次；向下滚动查看更早的</translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits; scroll down for older ones</source>
        <translation>{total:,} 次就诊，显示 {shown:,} 次；向下滚动查看更早的</translation>
    </message>
    <message>
        <source>{shown} of {there} are shown, chosen evenly.</source>
        <translation>{there} 张中显示 {shown} 张，均匀选取。</translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the clip are shown, chosen evenly.</source>
        <translation>视频片段的 {there} 张图像中显示 {shown} 张，均匀选取。</translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the whitening clip are shown, chosen evenly.</source>
        <translation>醋白变化视频片段的 {there} 张图像中显示 {shown} 张，均匀选取。</translation>
    </message>
    <message>
        <source>{software}   made {when}</source>
        <translation>{software}   生成于 {when}</translation>
    </message>
    <message>
        <source>{software}, made {when}</source>
        <translation>{software}，生成于 {when}</translation>
    </message>
    <message>
        <source>{sources} are no pair</source>
        <translation>{sources}不构成配对</translation>
    </message>
    <message>
        <source>{sources}, {variant}, {splice} splice, {size} px input</source>
        <translation>{sources}，{variant}，{splice} 拼接，{size} px 输入</translation>
    </message>
    <message>
        <source>{source} alone: {answer}</source>
        <translation>仅凭{source}：{answer}</translation>
    </message>
    <message>
        <source>{source} only</source>
        <translation>仅{source}</translation>
    </message>
    <message>
        <source>{source}, stage not known</source>
        <translation>{source}，阶段不明</translation>
    </message>
    <message>
        <source>{source}: such a picture is read beside white light only</source>
        <translation>{source}：此类图像只能与白光图像一起读取</translation>
    </message>
    <message>
        <source>{squares} squares were seen. Their sides differ by {spread:.1%} (0 %: flat, square to the view).</source>
        <translation>识别到 {squares} 个方格。其边长相差 {spread:.1%}（0%：平整，且正对镜头）。</translation>
    </message>
    <message>
        <source>{stage} (white light)</source>
        <translation>{stage}（白光）</translation>
    </message>
    <message>
        <source>{stage} + fluorescence</source>
        <translation>{stage} + 荧光</translation>
    </message>
    <message>
        <source>{start:.0f} to {end:.0f} s after acid</source>
        <translation>醋酸后 {start:.0f} 至 {end:.0f} 秒</translation>
    </message>
    <message>
        <source>{step} of {steps}</source>
        <translation>{step}/{steps}</translation>
    </message>
    <message>
        <source>{step}: {done:.0f} of {total:.0f}.</source>
        <translation>{step}：{done:.0f}/{total:.0f}。</translation>
    </message>
    <message>
        <source>{step}{share}. You can go on working meanwhile.</source>
        <translation>{step}{share}。期间可继续工作。</translation>
    </message>
    <message>
        <source>{stored} bits scaled to 8 bits</source>
        <translation>{stored} 位已缩放为 8 位</translation>
    </message>
    <message>
        <source>{text} of {woman}</source>
        <translation>{woman} 的{text}</translation>
    </message>
    <message>
        <source>{these} and {last}</source>
        <translation>{these} 和 {last}</translation>
    </message>
    <message>
        <source>{these} and {this}</source>
        <translation>{these}、{this}</translation>
    </message>
    <message>
        <source>{these} or {this}</source>
        <translation>{these}或{this}</translation>
    </message>
    <message>
        <source>{time} after acid</source>
        <translation>醋酸后 {time}</translation>
    </message>
    <message>
        <source>{title}. You can go on working meanwhile.</source>
        <translation>{title}。期间可继续工作。</translation>
    </message>
    <message>
        <source>{title}: visit of {when}</source>
        <translation>{title}：{when} 的就诊</translation>
    </message>
    <message>
        <source>{title}: {what}</source>
        <translation>{title}：{what}</translation>
    </message>
    <message>
        <source>{total} of 10</source>
        <translation>{total}/10</translation>
    </message>
    <message>
        <source>{total} of 8</source>
        <translation>{total}/8</translation>
    </message>
    <message>
        <source>{typed} can mean {one} or {other}</source>
        <translation>{typed} 可表示 {one}或{other}</translation>
    </message>
    <message>
        <source>{typed} is no birth date</source>
        <translation>{typed} 不是出生日期</translation>
    </message>
    <message>
        <source>{typed} is no day</source>
        <translation>{typed} 不是日期</translation>
    </message>
    <message>
        <source>{typed} is no day of a report</source>
        <translation>{typed} 不是报告日期</translation>
    </message>
    <message>
        <source>{typed} is no number of seconds after acetic acid</source>
        <translation>{typed} 不是醋酸后的秒数</translation>
    </message>
    <message>
        <source>{typed} is not a time</source>
        <translation>{typed} 不是时间</translation>
    </message>
    <message>
        <source>{user} on {host} (process {pid}, since {since})</source>
        <translation>{host} 上的 {user}（进程 {pid}，自 {since} 起）</translation>
    </message>
    <message>
        <source>{value:g} is no value for the {control}</source>
        <translation>{value:g} 不是{control}的有效值</translation>
    </message>
    <message>
        <source>{variable} is {name!r}</source>
        <translation>{variable} 为 {name!r}</translation>
    </message>
    <message>
        <source>{verdict} (the last pair)</source>
        <translation>{verdict}（最近一对）</translation>
    </message>
    <message>
        <source>{version!r} cannot be the version of a model</source>
        <translation>{version!r} 不能用作模型版本</translation>
    </message>
    <message>
        <source>{version}, from its source in {folder}</source>
        <translation>{version}，来自 {folder} 中的源代码</translation>
    </message>
    <message>
        <source>{version}, in {folder}</source>
        <translation>{version}，位于 {folder}</translation>
    </message>
    <message>
        <source>{view} follows once the pictures are aligned</source>
        <translation>图像对齐后即可使用{view}</translation>
    </message>
    <message>
        <source>{view} follows once the pictures are registered</source>
        <translation>图像配准后即可使用{view}</translation>
    </message>
    <message>
        <source>{view} needs a registration: the pictures do not lie on each other yet</source>
        <translation>{view}需要配准：两张图像尚未叠合</translation>
    </message>
    <message>
        <source>{view} needs both pictures</source>
        <translation>{view}需要两张图像</translation>
    </message>
    <message>
        <source>{view} needs two pictures that lie on each other: these are not aligned</source>
        <translation>{view}需要两张叠合的图像：这两张未对齐</translation>
    </message>
    <message>
        <source>{visits}, WITH NAMES.

Goes out: name, number, birth date, pictures; findings and pins; registration of the pair that opens or was signed, its AI answer if it was revealed; of signed visits the report. Nothing is removed.

It goes on record, before the first file is written: who, when, which visits.</source>
        <translation>{visits}，含姓名。

导出内容：姓名、编号、出生日期、图像；所见和活检标记；打开时显示或已签署的配对图像的配准，若其 AI 结果已显示，则包括该结果；已签署就诊的报告。不去除任何内容。

在写入第一个文件之前记录在案：何人、何时、哪些就诊。</translation>
    </message>
    <message>
        <source>{visits}, {pictures}, under pseudonyms.</source>
        <translation>{visits}，{pictures}，使用化名。</translation>
    </message>
    <message>
        <source>{weights} is not a readable safetensors file ({error})</source>
        <translation>{weights} 不是可读取的 safetensors 文件（{error}）</translation>
    </message>
    <message>
        <source>{what_is_done} by {holder}</source>
        <translation>{what_is_done}，执行者：{holder}</translation>
    </message>
    <message>
        <source>{where} and {other} say different numbers</source>
        <translation>{where} 与{other} 标明的编号不同</translation>
    </message>
    <message>
        <source>{where} has {count} entries, as one value for each case would be</source>
        <translation>{where} 有 {count} 个条目，如同每个病例各有一个值</translation>
    </message>
    <message>
        <source>{where} holds marks of women</source>
        <translation>{where} 含有患者的标记</translation>
    </message>
    <message>
        <source>{where} is a list of lists</source>
        <translation>{where} 是列表的列表</translation>
    </message>
    <message>
        <source>{where} is a list of {count} where no model of this program has one, as one value for each case would be</source>
        <translation>{where} 是含 {count} 项的列表，而本程序的模型在此处没有列表，如同每个病例各有一个值</translation>
    </message>
    <message>
        <source>{where} is a table that no model of this program has</source>
        <translation>{where} 是本程序的任何模型都没有的表</translation>
    </message>
    <message>
        <source>{where} is a text that nobody can read</source>
        <translation>{where} 是无人能读的文字</translation>
    </message>
    <message>
        <source>{where} looks like a clinic's number</source>
        <translation>{where} 看似患者的院内编号</translation>
    </message>
    <message>
        <source>{where} names a file or folder ({path})</source>
        <translation>{where} 指明了文件或文件夹（{path}）</translation>
    </message>
    <message>
        <source>{where} says a number, which may be another than a clinic's</source>
        <translation>{where} 标有号码，但可能不是患者的院内编号</translation>
    </message>
    <message>
        <source>{where} says so</source>
        <translation>{where} 如此标明</translation>
    </message>
    <message>
        <source>{where} says two stages ({words})</source>
        <translation>{where} 标明了两个阶段（{words}）</translation>
    </message>
    <message>
        <source>{where} says {day}</source>
        <translation>{where} 标明为 {day}</translation>
    </message>
    <message>
        <source>{where}: more cells than columns</source>
        <translation>{where}：单元格多于列</translation>
    </message>
    <message>
        <source>{where}: no x and y</source>
        <translation>{where}：没有 x 和 y</translation>
    </message>
    <message>
        <source>{where}: not a finite number</source>
        <translation>{where}：不是有限数值</translation>
    </message>
    <message>
        <source>{who} may not {act} in this library.</source>
        <translation>{who}无权在此病例库中{act}。</translation>
    </message>
    <message>
        <source>{width} x {height} pixels</source>
        <translation>{width} x {height} 像素</translation>
    </message>
    <message>
        <source>{width} x {height} pixels of 16 bits, with transparency</source>
        <translation>{width} x {height} 像素，16 位，带透明通道</translation>
    </message>
    <message>
        <source>{woman} is being examined: marks, whitening and clips end where another visit is opened. Press again within 3 seconds to open it all the same.</source>
        <translation>正在检查 {woman}：打开另一次就诊会结束标记、醋白变化和视频片段。3 秒内再按一次则仍然打开。</translation>
    </message>
    <message>
        <source>{woman}, examination: {field}</source>
        <translation>{woman}，检查：{field}</translation>
    </message>
    <message>
        <source>{woman}, follow-up: {field}</source>
        <translation>{woman}，随访：{field}</translation>
    </message>
    <message>
        <source>{woman}, how {specimen} was taken: {field}</source>
        <translation>{woman}，{specimen}的取材方式：{field}</translation>
    </message>
    <message>
        <source>{woman}, lesion {number}: {field}</source>
        <translation>{woman}，病变 {number}：{field}</translation>
    </message>
    <message>
        <source>{woman}, referral card: {field}</source>
        <translation>{woman}，转诊卡：{field}</translation>
    </message>
    <message>
        <source>{woman}, result of histology</source>
        <translation>{woman}，组织学结果</translation>
    </message>
    <message>
        <source>{woman}, result of pot {pot}: {field}</source>
        <translation>{woman}，标本瓶 {pot} 的结果：{field}</translation>
    </message>
    <message>
        <source>{woman}, visit of {when}</source>
        <translation>{woman}，{when} 的就诊</translation>
    </message>
    <message>
        <source>{work} is not done, and its recording would end. {again} to stop it, or wait.</source>
        <translation>{work}尚未完成，其录制将会结束。{again}即停止，否则请等待。</translation>
    </message>
    <message>
        <source>{work} is not done, and nothing of it would stay. {again} to stop it, or wait.</source>
        <translation>{work}尚未完成，其内容将全部不保留。{again}即停止，否则请等待。</translation>
    </message>
    <message>
        <source>{work} is not done, and would be stopped. {again} to stop it, or wait.</source>
        <translation>{work}尚未完成，将被停止。{again}即停止，否则请等待。</translation>
    </message>
    <message>
        <source>± is the spread over {passes} passes of the model, not its error.</source>
        <translation>± 是模型 {passes} 次运算之间的离散度，不是其误差。</translation>
    </message>
    <message>
        <source>▶ Play</source>
        <translation>▶ 播放</translation>
    </message>
    <message>
        <source>● REC {minutes}:{seconds:02d}</source>
        <translation>● REC {minutes}:{seconds:02d}</translation>
    </message>
    <message>
        <source>● in the set, {promise}.</source>
        <translation>● 在预测集内，{promise}。</translation>
    </message>
    <message>
        <source>❚❚ Pause</source>
        <translation>❚❚ 暂停</translation>
    </message>
    <message>
        <source>it opens the folder of a library, and model files ({ending}). Pictures and videos are brought in on Today, with Import pictures</source>
        <translation>它能打开病例库的文件夹和模型文件 ({ending})。图像和视频请在“今日”页用“导入图像”导入</translation>
    </message>
    <message>
        <source>look whether its disk or network share is connected, and whether it was moved or given another name</source>
        <translation>请检查其磁盘或网络共享是否已连接，以及它是否被移动或改名</translation>
    </message>
    <message>
        <source>{file} is looked at once a library is open.</source>
        <translation>打开病例库后会查看 {file}。</translation>
    </message>
    <message>
        <source>{path} is nothing that this program opens by its name</source>
        <translation>{path} 不是本程序能直接打开的内容</translation>
    </message>
</context>
</TS>
